// CUDA C++ on a processor, for tests: a program of kernels is compiled with this header in front of it.
//
// A block of threads runs after the other. Each thread of a block has a stack of its own and runs until it waits in
// __syncthreads, __syncwarp, a shuffle or a vote; then the next one goes on. Shared memory is filled with bytes that
// are not a number before each block. These are errors, told with the lines of the source: threads that wait for each
// other for ever, a barrier that an ended thread does not reach, different operations of one warp, a shuffle from a
// lane that does not take part, writing behind the dynamic shared memory, a bad address.
//
// Not supported: threads that wait for memory to change, blocks of threads in y and z, cooperative groups, textures,
// PTX, half precision, global variables other than constants with a value.
//
// Dynamic shared memory is declared as in CUDA, `extern __shared__ T name[];`; before compiling, such a line is
// replaced by `EMULATION_DYNAMIC_SHARED(T, name);`, and the program by `EMULATION_KERNEL(n, kernel)` for each kernel.
// To be compiled with -fno-zero-initialized-in-bss -fno-gnu-unique -fvisibility=hidden -nostartfiles, so that .bss
// has the static shared memory and nothing else.
#pragma once

#include <float.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <wchar.h>

#include <type_traits>
#include <utility>

#if !defined(__x86_64__)
#define EMULATION_UCONTEXT
#endif
#ifdef EMULATION_UCONTEXT
#include <ucontext.h>
#endif

#define EMULATION_STATE __attribute__((section(".emulation")))

struct alignas(8) int2 { int x, y; };
struct int3 { int x, y, z; };
struct alignas(16) int4 { int x, y, z, w; };
struct alignas(8) uint2 { unsigned x, y; };
struct uint3 { unsigned x, y, z; };
struct alignas(16) uint4 { unsigned x, y, z, w; };
struct alignas(8) float2 { float x, y; };
struct float3 { float x, y, z; };
struct alignas(16) float4 { float x, y, z, w; };
struct alignas(16) double2 { double x, y; };
struct alignas(16) longlong2 { long long x, y; };
struct alignas(16) ulonglong2 { unsigned long long x, y; };
struct alignas(4) uchar4 { unsigned char x, y, z, w; };

inline int2 make_int2(int x, int y) { return {x, y}; }
inline int3 make_int3(int x, int y, int z) { return {x, y, z}; }
inline int4 make_int4(int x, int y, int z, int w) { return {x, y, z, w}; }
inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
inline uint3 make_uint3(unsigned x, unsigned y, unsigned z) { return {x, y, z}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float3 make_float3(float x, float y, float z) { return {x, y, z}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline double2 make_double2(double x, double y) { return {x, y}; }
inline longlong2 make_longlong2(long long x, long long y) { return {x, y}; }
inline ulonglong2 make_ulonglong2(unsigned long long x, unsigned long long y) { return {x, y}; }
inline uchar4 make_uchar4(unsigned char x, unsigned char y, unsigned char z, unsigned char w) { return {x, y, z, w}; }

struct dim3 {
    unsigned x, y, z;
    constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

EMULATION_STATE uint3 threadIdx = {0, 0, 0};
EMULATION_STATE uint3 blockIdx = {0, 0, 0};
EMULATION_STATE dim3 blockDim;
EMULATION_STATE dim3 gridDim;
constexpr int warpSize = 32;

namespace emulation {

constexpr int MAX_WARPS = 32;
constexpr size_t STACK_BYTES = 128 << 10;
constexpr size_t PAGE = 4096;
constexpr size_t MAX_SHARED = 227 << 10;
constexpr size_t GUARD_BYTES = 256;
constexpr unsigned char GUARD = 0xa5;
constexpr wchar_t POISON = 0x7ffa7ffa;  // a float and a double of it are no numbers, an integer of it is a large one

/** A thread that does not run at the moment. */
struct Context {
#ifdef EMULATION_UCONTEXT
    ucontext_t context;
#else
    void* stack;
#endif
};

enum Operation { SYNC_THREADS, SYNC_WARP, SHUFFLE, ANY, ALL, BALLOT };

inline const char* nameOf(int operation) {
    static const char* const NAMES[] = {
        "__syncthreads", "__syncwarp", "a shuffle", "__any_sync", "__all_sync", "__ballot_sync"};
    return NAMES[operation];
}

/** Sets of lanes are bits; the arrays are by lane. */
struct Warp {
    unsigned present, ended, ready, waiting, blocked;
    unsigned mask[32];
    int operation[32], line[32], from[32];
    uint64_t value[32], result[32];
    Context context[32];
};

struct State {
    Warp warps[MAX_WARPS];
    unsigned readyWarps;
    int warp, lane, threads, arrived, ended;
    bool reversed;
    void (*call)(void*, const unsigned char*);
    void* function;
    const unsigned char* arguments;
    unsigned char* stacks;
    unsigned char* shared;
    Context main;
    char* error;
    size_t errorBytes;
    pid_t owner;
    unsigned char signalStack[64 << 10];
};

EMULATION_STATE State* state = nullptr;

#ifdef EMULATION_UCONTEXT
inline void swap(Context& from, Context& to) { swapcontext(&from.context, &to.context); }

inline void prepare(Context& context, unsigned char* low, unsigned char* top, void (*start)()) {
    getcontext(&context.context);
    context.context.uc_stack.ss_sp = low;
    context.context.uc_stack.ss_size = top - low;
    context.context.uc_link = nullptr;
    makecontext(&context.context, start, 0);
}
#else
extern "C" void emulation_swap(void** from, void* to) __attribute__((visibility("hidden")));

asm(R"(
.text
.p2align 4
.globl emulation_swap
.hidden emulation_swap
.type emulation_swap, @function
emulation_swap:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size emulation_swap, .-emulation_swap
)");

inline void swap(Context& from, Context& to) { emulation_swap(&from.stack, to.stack); }

inline void prepare(Context& context, unsigned char*, unsigned char* top, void (*start)()) {
    void** words = reinterpret_cast<void**>(top);
    *--words = nullptr;
    *--words = reinterpret_cast<void*>(start);
    for (int i = 0; i < 6; i++) *--words = nullptr;
    context.stack = words;
}
#endif

/** Ends the launch with an error. */
[[noreturn]] __attribute__((noinline, cold)) inline void fail(const char* format, ...) {
    State& s = *state;
    int written = snprintf(
        s.error, s.errorBytes, "block (%u, %u), thread %d: ", blockIdx.x, blockIdx.y, s.warp * 32 + s.lane);
    va_list values;
    va_start(values, format);
    vsnprintf(s.error + written, s.errorBytes - written, format, values);
    va_end(values);
    Context abandoned;
    swap(abandoned, s.main);
    __builtin_unreachable();
}

/** Tells where each thread of the block is. */
[[noreturn]] __attribute__((noinline, cold)) inline void failStuck() {
    State& s = *state;
    char text[1024];
    size_t used = 0;
    auto placeOf = [&](int thread, int& line) {
        const Warp& w = s.warps[thread / 32];
        const unsigned bit = 1u << (thread & 31);
        line = w.ended & bit ? 0 : w.line[thread & 31];
        return w.ended & bit ? -1 : w.operation[thread & 31];
    };
    for (int first = 0; first < s.threads && used < sizeof text - 100;) {
        int line, nextLine, end = first + 1;
        const int operation = placeOf(first, line);
        while (end < s.threads && placeOf(end, nextLine) == operation && nextLine == line) end++;
        used += snprintf(text + used, sizeof text - used, "%s%d to %d ", first ? ", " : "", first, end - 1);
        used += operation < 0 ? snprintf(text + used, sizeof text - used, "have ended")
                              : snprintf(text + used, sizeof text - used, "wait at %s in line %d", nameOf(operation), line);
        first = end;
    }
    fail("the threads wait for each other: threads %s", text);
}

/** Returns the next of a set after a member, in turns. */
inline int next(unsigned set, int member, bool reversed) {
    if (reversed) {
        const unsigned below = set & ((1u << member) - 1);
        return 31 - __builtin_clz(below ? below : set);
    }
    const unsigned above = set & ~((2u << member) - 1);
    return __builtin_ctz(above ? above : set);
}

/** Lets the next thread go on, until this one is ready and its turn comes. */
inline void yield() {
    State& s = *state;
    const int warp = s.warp, lane = s.lane;
    Warp& mine = s.warps[warp];
    Warp* w = &mine;
    if (!w->ready) {
        s.readyWarps &= ~(1u << warp);
        if (!s.readyWarps) failStuck();
        s.warp = next(s.readyWarps, warp, s.reversed);
        w = &s.warps[s.warp];
        s.lane = s.reversed ? 0 : 31;
    }
    s.lane = next(w->ready, s.lane, s.reversed);
    if (w == &mine && s.lane == lane) return;
    swap(mine.context[lane], w->context[s.lane]);
    threadIdx.x = warp * 32 + lane;
}

/** Ends the operation of the lanes in a mask if all of them wait for it. */
inline bool complete(Warp& w, unsigned mask) {
    const unsigned group = mask & w.present & ~w.ended;
    if ((w.waiting & group) != group || !group) return false;
    const int first = __builtin_ctz(group);
    unsigned votes = 0;
    for (unsigned rest = group; rest; rest &= rest - 1) {
        const int lane = __builtin_ctz(rest);
        if (w.mask[lane] != mask) return false;
        votes |= static_cast<unsigned>(w.value[lane] != 0) << lane;
    }
    const int operation = w.operation[first];
    for (unsigned rest = group; rest; rest &= rest - 1) {
        const int lane = __builtin_ctz(rest);
        if (w.operation[lane] != operation || (operation != SYNC_WARP && w.line[lane] != w.line[first])) {
            fail("lane %d is at %s in line %d, lane %d at %s in line %d", first, nameOf(operation), w.line[first], lane,
                 nameOf(w.operation[lane]), w.line[lane]);
        }
        if (operation == SHUFFLE) {
            const int from = w.from[lane];
            if (!(group >> from & 1)) {
                fail("in line %d lane %d reads from lane %d, which %s", w.line[lane], lane, from,
                     w.ended >> from & 1    ? "has ended"
                     : w.present >> from & 1 ? "is not in the mask"
                                             : "does not exist");
            }
            w.result[lane] = w.value[from];
        } else {
            w.result[lane] = operation == ANY ? votes != 0 : operation == ALL ? votes == group : votes;
        }
    }
    w.waiting &= ~group;
    w.ready |= group;
    return true;
}

/** Takes part in an operation of a warp; returns its result. */
__attribute__((noinline)) inline uint64_t meet(int operation, unsigned mask, uint64_t value, int from, int line) {
    State& s = *state;
    const int lane = s.lane;
    Warp& w = s.warps[s.warp];
    const unsigned bit = 1u << lane;
    if (!(mask & bit)) fail("the mask %08x in line %d leaves out its own lane %d", mask, line, lane);
    w.mask[lane] = mask;
    w.operation[lane] = operation;
    w.line[lane] = line;
    w.from[lane] = from;
    w.value[lane] = value;
    w.ready &= ~bit;
    w.waiting |= bit;
    if (!complete(w, mask)) yield();
    return w.result[lane];
}

/** Waits for all threads of the block; returns the number of those whose predicate holds. */
__attribute__((noinline)) inline int meetBlock(bool predicate, int line) {
    State& s = *state;
    Warp& w = s.warps[s.warp];
    const int lane = s.lane;
    w.operation[lane] = SYNC_THREADS;
    w.line[lane] = line;
    w.value[lane] = predicate;
    w.ready &= ~(1u << lane);
    w.blocked |= 1u << lane;
    if (++s.arrived == s.threads) {
        int count = 0;
        for (int i = 0; i < (s.threads + 31) / 32; i++) {
            Warp& each = s.warps[i];
            for (unsigned rest = each.present; rest; rest &= rest - 1) {
                const int l = __builtin_ctz(rest);
                if (each.line[l] != line) {
                    fail("__syncthreads in line %d, but thread %d is at that in line %d", line, i * 32 + l, each.line[l]);
                }
                count += each.value[l] != 0;
            }
        }
        for (int i = 0; i < (s.threads + 31) / 32; i++) {
            Warp& each = s.warps[i];
            for (unsigned rest = each.present; rest; rest &= rest - 1) each.result[__builtin_ctz(rest)] = count;
            each.ready = each.present;
            each.blocked = 0;
            s.readyWarps |= 1u << i;
        }
        s.arrived = 0;
    } else {
        yield();
    }
    return static_cast<int>(w.result[lane]);
}

/** Runs the kernel as one thread. */
inline void start() {
    State& s = *state;
    const int warp = s.warp, lane = s.lane;
    threadIdx.x = warp * 32 + lane;
    s.call(s.function, s.arguments);
    Warp& w = s.warps[warp];
    w.ready &= ~(1u << lane);
    w.ended |= 1u << lane;
    if (++s.ended == s.threads) {
        swap(w.context[lane], s.main);
    }
    for (unsigned rest = w.waiting; rest; rest &= rest - 1) complete(w, w.mask[__builtin_ctz(rest)]);
    yield();
    __builtin_unreachable();
}

template <class T>
inline uint64_t bitsOf(T value) {
    static_assert(std::is_arithmetic<T>::value && sizeof(T) <= 8, "a number of at most 8 bytes");
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof value);
    return bits;
}

template <class T>
inline T ofBits(uint64_t bits) {
    T value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

inline void checkWidth(int width, int line) {
    if (width < 1 || width > 32 || (width & (width - 1))) fail("width %d of a shuffle in line %d", width, line);
}

template <class T>
inline T shuffle(unsigned mask, T value, int from, int line) {
    return ofBits<T>(meet(SHUFFLE, mask, bitsOf(value), from, line));
}

inline unsigned char* dynamicShared() { return state->shared; }

/** A kernel and a function that calls it with arguments of 8 bytes each. */
struct Entry {
    void (*call)(void*, const unsigned char*);
    void* function;
    int parameters;
};

template <class T>
inline T read(const unsigned char* arguments, size_t index) {
    static_assert(sizeof(T) <= 8, "a parameter of at most 8 bytes");
    T value;
    memcpy(&value, arguments + 8 * index, sizeof value);
    return value;
}

template <class... P, size_t... I>
inline void callWith(void (*function)(P...), const unsigned char* arguments, std::index_sequence<I...>) {
    function(read<std::remove_const_t<P>>(arguments, I)...);
}

template <class... P>
void callKernel(void* function, const unsigned char* arguments) {
    callWith(reinterpret_cast<void (*)(P...)>(function), arguments, std::index_sequence_for<P...>());
}

template <class... P>
Entry entryOf(void (*function)(P...)) {
    return {&callKernel<P...>, reinterpret_cast<void*>(function), sizeof...(P)};
}

inline void fill(void* from, size_t bytes) { wmemset(static_cast<wchar_t*>(from), POISON, bytes / 4); }

constexpr int SIGNALS[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
EMULATION_STATE struct sigaction oldActions[4] = {};

/** Turns a fault of a kernel into an error, and leaves those of other threads to the handler before. */
inline void handle(int number, siginfo_t* info, void* context) {
    State* s = state;
    if (s && s->owner == static_cast<pid_t>(syscall(SYS_gettid))) {
        const unsigned char* address = static_cast<unsigned char*>(info->si_addr);
        const size_t all = (STACK_BYTES + PAGE) * 32 * MAX_WARPS;
        if (number == SIGFPE) fail("division by zero");
        if (number == SIGILL) fail("a trap, or code whose behaviour is undefined");
        if (address >= s->stacks && address < s->stacks + all) fail("more than %zu bytes of stack", STACK_BYTES);
        fail("bad address %p", static_cast<const void*>(address));
    }
    for (int i = 0; i < 4; i++) {
        if (SIGNALS[i] != number) continue;
        const struct sigaction& old = oldActions[i];
        if (old.sa_flags & SA_SIGINFO) {
            old.sa_sigaction(number, info, context);
        } else if (old.sa_handler != SIG_DFL && old.sa_handler != SIG_IGN) {
            old.sa_handler(number);
        } else {
            signal(number, SIG_DFL);
        }
    }
}

inline void runBlock(int threads) {
    State& s = *state;
    const int warps = (threads + 31) / 32;
    for (int i = 0; i < warps; i++) {
        Warp& w = s.warps[i];
        const int lanes = threads - i * 32;
        w.present = w.ready = lanes >= 32 ? 0xffffffffu : (1u << lanes) - 1;
        w.ended = w.waiting = w.blocked = 0;
    }
    for (int i = 0; i < threads; i++) {
        // Stacks begin at different offsets, so that they do not share the same lines of the processor's caches.
        unsigned char* low = s.stacks + (STACK_BYTES + PAGE) * i + PAGE;
        prepare(s.warps[i / 32].context[i & 31], low, low + STACK_BYTES - 64 * (i * 17 % 64), start);
    }
    s.threads = threads;
    s.arrived = s.ended = 0;
    s.readyWarps = warps == 32 ? 0xffffffffu : (1u << warps) - 1;
    s.warp = s.reversed ? warps - 1 : 0;
    s.lane = s.reversed ? (threads - 1) & 31 : 0;
    swap(s.main, s.warps[s.warp].context[s.lane]);
}

}  // namespace emulation

extern "C" char __bss_start[] __attribute__((visibility("hidden")));
extern "C" char _end[] __attribute__((visibility("hidden")));

/** Runs a kernel; the text of the error is empty if there was none. One call at a time in the process.
 * The stacks are made by the first call and are shared by all programs, since a process may map few ranges of memory. */
extern "C" __attribute__((visibility("default"))) void emulation_launch(
    emulation::Entry (*kernel)(), int gridX, int gridY, int threads, int sharedBytes, const unsigned char* arguments,
    int count, int reversed, char* error, size_t errorBytes, void** stacks) {
    using namespace emulation;
    const Entry entry = kernel();
    error[0] = 0;
    if (count != entry.parameters) {
        snprintf(error, errorBytes, "%d arguments for %d parameters", count, entry.parameters);
    } else if (threads < 1 || threads > 32 * MAX_WARPS || gridX < 1 || gridY < 1 || gridY > 65535) {
        snprintf(error, errorBytes, "invalid grid of %d x %d blocks of %d threads", gridX, gridY, threads);
    } else if (sharedBytes < 0 || static_cast<size_t>(sharedBytes) > MAX_SHARED) {
        snprintf(error, errorBytes, "%d bytes of shared memory, but at most %zu", sharedBytes, MAX_SHARED);
    }
    if (error[0]) return;
    const int kind = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    if (!*stacks) {
        void* memory = mmap(nullptr, (STACK_BYTES + PAGE) * 32 * MAX_WARPS, PROT_READ | PROT_WRITE, kind, -1, 0);
        if (memory == MAP_FAILED) {
            snprintf(error, errorBytes, "no memory for the stacks");
            return;
        }
        *stacks = memory;
        for (int i = 0; i < 32 * MAX_WARPS; i++) {
            mprotect(static_cast<unsigned char*>(memory) + (STACK_BYTES + PAGE) * i, PAGE, PROT_NONE);
        }
    }
    if (!state) {
        void* memory = mmap(nullptr, sizeof(State) + MAX_SHARED + 2 * GUARD_BYTES, PROT_READ | PROT_WRITE, kind, -1, 0);
        if (memory == MAP_FAILED) {
            snprintf(error, errorBytes, "no memory for the threads");
            return;
        }
        state = static_cast<State*>(memory);
        state->stacks = static_cast<unsigned char*>(*stacks);
        state->shared = static_cast<unsigned char*>(memory) + (sizeof(State) + 15) / 16 * 16;
    }
    State& s = *state;
    s.error = error;
    s.errorBytes = errorBytes;
    s.call = entry.call;
    s.function = entry.function;
    s.arguments = arguments;
    s.reversed = reversed;
    s.owner = static_cast<pid_t>(syscall(SYS_gettid));
    gridDim = dim3(gridX, gridY);
    blockDim = dim3(threads);

    stack_t signalStack = {}, oldStack = {};
    signalStack.ss_sp = s.signalStack;
    signalStack.ss_size = sizeof s.signalStack;
    sigaltstack(&signalStack, &oldStack);
    struct sigaction action = {};
    action.sa_sigaction = handle;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    for (int i = 0; i < 4; i++) sigaction(SIGNALS[i], &action, &oldActions[i]);
    char* fixed = __bss_start + (-reinterpret_cast<uintptr_t>(__bss_start) & 3);
    const long blocks = static_cast<long>(gridX) * gridY;
    for (long i = 0; i < blocks && !error[0]; i++) {
        const long block = reversed ? blocks - 1 - i : i;
        blockIdx.x = static_cast<unsigned>(block % gridX);
        blockIdx.y = static_cast<unsigned>(block / gridX);
        fill(fixed, _end - fixed);
        fill(s.shared, sharedBytes + 3);
        memset(s.shared + sharedBytes, GUARD, GUARD_BYTES);
        runBlock(threads);
        for (size_t j = 0; j < GUARD_BYTES && !error[0]; j++) {
            if (s.shared[sharedBytes + j] != GUARD) {
                snprintf(error, errorBytes, "block (%u, %u): written to byte %zu of the dynamic shared memory of %d",
                         blockIdx.x, blockIdx.y, sharedBytes + j, sharedBytes);
            }
        }
    }
    s.owner = 0;
    for (int i = 0; i < 4; i++) sigaction(SIGNALS[i], &oldActions[i], nullptr);
    sigaltstack(&oldStack, nullptr);
}

#define EMULATION_DYNAMIC_SHARED(type, name) type* const name = reinterpret_cast<type*>(emulation::dynamicShared())
#define EMULATION_KERNEL(number, ...)                                         \
    extern "C" __attribute__((visibility("default"))) emulation::Entry kernel_##number() { \
        return emulation::entryOf(__VA_ARGS__);                               \
    }

// Barriers, votes and shuffles. The line is that of the call.

inline void __syncthreads(int line = __builtin_LINE()) { emulation::meetBlock(false, line); }
inline int __syncthreads_count(int p, int line = __builtin_LINE()) { return emulation::meetBlock(p, line); }
inline int __syncthreads_or(int p, int line = __builtin_LINE()) { return emulation::meetBlock(p, line) > 0; }
inline int __syncthreads_and(int p, int line = __builtin_LINE()) {
    return emulation::meetBlock(p, line) == static_cast<int>(blockDim.x);
}
inline void __syncwarp(unsigned mask = 0xffffffffu, int line = __builtin_LINE()) {
    emulation::meet(emulation::SYNC_WARP, mask, 0, 0, line);
}
inline int __any_sync(unsigned mask, int p, int line = __builtin_LINE()) {
    return static_cast<int>(emulation::meet(emulation::ANY, mask, p != 0, 0, line));
}
inline int __all_sync(unsigned mask, int p, int line = __builtin_LINE()) {
    return static_cast<int>(emulation::meet(emulation::ALL, mask, p != 0, 0, line));
}
inline unsigned __ballot_sync(unsigned mask, int p, int line = __builtin_LINE()) {
    return static_cast<unsigned>(emulation::meet(emulation::BALLOT, mask, p != 0, 0, line));
}
template <class T>
inline T __shfl_sync(unsigned mask, T value, int from, int width = 32, int line = __builtin_LINE()) {
    emulation::checkWidth(width, line);
    const int lane = threadIdx.x & 31;
    return emulation::shuffle(mask, value, (lane & ~(width - 1)) | (from & (width - 1)), line);
}
template <class T>
inline T __shfl_up_sync(unsigned mask, T value, unsigned by, int width = 32, int line = __builtin_LINE()) {
    emulation::checkWidth(width, line);
    const int lane = threadIdx.x & 31, at = lane & (width - 1);
    return emulation::shuffle(mask, value, by <= static_cast<unsigned>(at) ? lane - static_cast<int>(by) : lane, line);
}
template <class T>
inline T __shfl_down_sync(unsigned mask, T value, unsigned by, int width = 32, int line = __builtin_LINE()) {
    emulation::checkWidth(width, line);
    const int lane = threadIdx.x & 31, at = lane & (width - 1);
    const bool inside = by < static_cast<unsigned>(width - at);
    return emulation::shuffle(mask, value, inside ? lane + static_cast<int>(by) : lane, line);
}
template <class T>
inline T __shfl_xor_sync(unsigned mask, T value, int with, int width = 32, int line = __builtin_LINE()) {
    emulation::checkWidth(width, line);
    const int lane = threadIdx.x & 31, from = lane ^ (with & 31);
    return emulation::shuffle(mask, value, from <= (lane | (width - 1)) ? from : lane, line);
}
inline void __trap() { __builtin_trap(); }
inline void __threadfence() {}
inline void __threadfence_block() {}
inline void __threadfence_system() {}

// Atomics: no other thread runs meanwhile.

namespace emulation {
template <class T>
using Same = std::common_type_t<T>;

template <class T, class F>
inline T update(T* address, F change) {
    const T old = *address;
    *address = change(old);
    return old;
}
}  // namespace emulation

template <class T>
inline T atomicAdd(T* a, emulation::Same<T> v) {
    return emulation::update(a, [v](T old) { return static_cast<T>(old + v); });
}
template <class T>
inline T atomicSub(T* a, emulation::Same<T> v) {
    return emulation::update(a, [v](T old) { return static_cast<T>(old - v); });
}
template <class T>
inline T atomicMin(T* a, emulation::Same<T> v) {
    return emulation::update(a, [v](T old) { return v < old ? v : old; });
}
template <class T>
inline T atomicMax(T* a, emulation::Same<T> v) {
    return emulation::update(a, [v](T old) { return v > old ? v : old; });
}
template <class T>
inline T atomicAnd(T* a, emulation::Same<T> v) {
    return emulation::update(a, [v](T old) { return old & v; });
}
template <class T>
inline T atomicOr(T* a, emulation::Same<T> v) {
    return emulation::update(a, [v](T old) { return old | v; });
}
template <class T>
inline T atomicXor(T* a, emulation::Same<T> v) {
    return emulation::update(a, [v](T old) { return old ^ v; });
}
template <class T>
inline T atomicExch(T* a, emulation::Same<T> v) {
    return emulation::update(a, [v](T) { return v; });
}
template <class T>
inline T atomicCAS(T* a, emulation::Same<T> compare, emulation::Same<T> v) {
    return emulation::update(a, [compare, v](T old) { return old == compare ? v : old; });
}

// Functions of numbers. The fast ones are exact here but for what the device documents.

inline float __expf(float x) { return expf(x); }
inline float __exp10f(float x) { return exp10f(x); }
inline float __logf(float x) { return logf(x); }
inline float __log2f(float x) { return log2f(x); }
inline float __log10f(float x) { return log10f(x); }
inline float __powf(float x, float y) { return powf(x, y); }
inline float __sinf(float x) { return sinf(x); }
inline float __cosf(float x) { return cosf(x); }
inline float __saturatef(float x) { return x > 0 ? (x < 1 ? x : 1.f) : 0.f; }
inline float __fdividef(float x, float y) {
    // The device returns 0 for such a divisor, and not a number for infinity over it.
    const float size = fabsf(y);
    return size > 0x1p126f && size < INFINITY ? x * 0.f : x / y;
}
inline float __frcp_rn(float x) { return 1.f / x; }
inline float __fsqrt_rn(float x) { return sqrtf(x); }
inline float __frsqrt_rn(float x) { return static_cast<float>(1.0 / sqrt(static_cast<double>(x))); }
inline float __fadd_rn(float x, float y) { return x + y; }
inline float __fsub_rn(float x, float y) { return x - y; }
inline float __fmul_rn(float x, float y) { return x * y; }
inline float __fdiv_rn(float x, float y) { return x / y; }
inline float __fmaf_rn(float x, float y, float z) { return fmaf(x, y, z); }
inline double __dadd_rn(double x, double y) { return x + y; }
inline double __dsub_rn(double x, double y) { return x - y; }
inline double __dmul_rn(double x, double y) { return x * y; }
inline double __ddiv_rn(double x, double y) { return x / y; }
inline double __drcp_rn(double x) { return 1 / x; }
inline double __dsqrt_rn(double x) { return sqrt(x); }
inline double __fma_rn(double x, double y, double z) { return fma(x, y, z); }
inline float rsqrtf(float x) { return static_cast<float>(1.0 / sqrt(static_cast<double>(x))); }
inline double rsqrt(double x) { return 1 / sqrt(x); }
inline float rsqrt(float x) { return rsqrtf(x); }
inline float fdividef(float x, float y) { return x / y; }

namespace emulation {
template <class A, class B>
using Common = std::enable_if_t<std::is_arithmetic<A>::value && std::is_arithmetic<B>::value, std::common_type_t<A, B>>;
}
template <class A, class B>
inline emulation::Common<A, B> min(A a, B b) {
    using T = std::common_type_t<A, B>;
    if constexpr (std::is_floating_point<T>::value) return fmin(static_cast<T>(a), static_cast<T>(b));
    else return static_cast<T>(a) < static_cast<T>(b) ? a : b;
}
template <class A, class B>
inline emulation::Common<A, B> max(A a, B b) {
    using T = std::common_type_t<A, B>;
    if constexpr (std::is_floating_point<T>::value) return fmax(static_cast<T>(a), static_cast<T>(b));
    else return static_cast<T>(a) > static_cast<T>(b) ? a : b;
}

inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __clz(int x) { return x ? __builtin_clz(x) : 32; }
inline int __clzll(long long x) { return x ? __builtin_clzll(x) : 64; }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }
inline unsigned __brev(unsigned x) {
    unsigned result = 0;
    for (int i = 0; i < 32; i++) result |= (x >> i & 1) << (31 - i);
    return result;
}
inline float __int_as_float(int x) { return emulation::ofBits<float>(emulation::bitsOf(x)); }
inline float __uint_as_float(unsigned x) { return emulation::ofBits<float>(emulation::bitsOf(x)); }
inline int __float_as_int(float x) { return emulation::ofBits<int>(emulation::bitsOf(x)); }
inline unsigned __float_as_uint(float x) { return emulation::ofBits<unsigned>(emulation::bitsOf(x)); }
inline long long __double_as_longlong(double x) { return emulation::ofBits<long long>(emulation::bitsOf(x)); }
inline double __longlong_as_double(long long x) { return emulation::ofBits<double>(emulation::bitsOf(x)); }
inline int __double2hiint(double x) { return static_cast<int>(__double_as_longlong(x) >> 32); }
inline int __double2loint(double x) { return static_cast<int>(__double_as_longlong(x)); }
inline double __hiloint2double(int high, int low) {
    return __longlong_as_double(static_cast<long long>(high) << 32 | static_cast<unsigned>(low));
}
inline float __int2float_rn(int x) { return static_cast<float>(x); }
inline float __uint2float_rn(unsigned x) { return static_cast<float>(x); }
inline float __ll2float_rn(long long x) { return static_cast<float>(x); }
inline double __int2double_rn(int x) { return x; }
inline double __ll2double_rn(long long x) { return static_cast<double>(x); }
inline float __double2float_rn(double x) { return static_cast<float>(x); }
inline int __float2int_rn(float x) { return static_cast<int>(rintf(x)); }
inline int __float2int_rz(float x) { return static_cast<int>(x); }
inline int __float2int_rd(float x) { return static_cast<int>(floorf(x)); }
inline int __float2int_ru(float x) { return static_cast<int>(ceilf(x)); }
inline int __double2int_rn(double x) { return static_cast<int>(rint(x)); }
inline int __double2int_rz(double x) { return static_cast<int>(x); }

template <class T>
inline T __ldg(const T* address) { return *address; }
template <class T>
inline T __ldcg(const T* address) { return *address; }
template <class T>
inline T __ldcs(const T* address) { return *address; }
template <class T>
inline void __stcg(T* address, T value) { *address = value; }
template <class T>
inline void __stcs(T* address, T value) { *address = value; }

using std::isfinite;
using std::isinf;
using std::isnan;
using std::signbit;

// Words of the language, last, because headers of the compiler use some of them as names of attributes.

#define __global__
#define __device__
#define __host__
#define __constant__
#define __grid_constant__
#define __shared__ static
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
