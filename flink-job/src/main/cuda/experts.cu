// The experts of an ensemble, for a block of rows: io.freshet.model.ensemble.
//
// Row-major, for each model of a launch one after the other; slots has the place of each model's state. C classes,
// E experts, features F. What needs no earlier label of the block is done for all rows at once; only the tables of the
// ferns and the counts of the labels go row by row.
//   logs       (rows, E, C)   out: logarithms of each expert's probabilities
//   scaled     (rows, width)  standardised features, then the 1 of the bias, then zeros
//   classes    (rows)         class that is learnt; -1 for a row that is predicted only
//   weights    (rows)         weight of each row that is learnt
//   targets    (rows, C)      probabilities that are learnt, with the sum 1; null where they are 1 for the class
//   ends       (rows)         index after the last row of the row's mini-batch; -1 for a row of none
//   counts     (models)       number of rows
// Rows of a mini-batch are predicted with the state before it, then learnt one after the other.

constexpr float LARGEST_FLOAT = 3.402823466e38f;

// Log-probabilities of the linear experts from each row's own logits; those of a uniform prediction where they are not
// finite. A warp a row and rate.
//   Z (rows, rates, C)
extern "C" __global__ void linearExperts(
        const float* Z, const int* counts, float* logs, int numRates, int experts, int rows, int C) {
    const int i = blockIdx.x * (blockDim.x >> 5) + (threadIdx.x >> 5), lane = threadIdx.x & 31, model = blockIdx.y;
    const int t = i / numRates, rate = i % numRates;
    if (t >= rows || t >= counts[model]) return;
    const size_t row = (size_t) model * rows + t;
    const float* z = Z + (row * numRates + rate) * C;
    float* out = logs + (row * experts + rate) * C;
    float shift = NEGATIVE_INFINITY, sum = 0;
    for (int c = lane; c < C; c += 32) shift = fmaxf(shift, z[c]);
    shift = maxOfLanes(shift);
    for (int c = lane; c < C; c += 32) sum += expf(z[c] - shift);
    sum = sumOfLanes(sum);
    const bool isFinite = sum >= 1 && fabsf(shift) <= LARGEST_FLOAT;
    const float logSum = logf(sum);
    // The difference to the largest logit first: it is exact where it matters.
    for (int c = lane; c < C; c += 32) {
        out[c] = isFinite ? fmaxf(z[c] - shift - logSum, -LARGEST_FLOAT) : -logf((float) C);
    }
}

// The targets that are learnt: the weighted ones of the gradient (see recursion.cu), divided by their sum. A thread a
// row.
//   offsets (rows, C), targets (rows, C)  out
extern "C" __global__ void learntTargets(const float* offsets, const int* counts, float* targets, int rows, int C) {
    const int t = blockIdx.x * blockDim.x + threadIdx.x, model = blockIdx.y;
    if (t >= counts[model]) return;
    const size_t at = ((size_t) model * rows + t) * C;
    double sum = 0;
    for (int c = 0; c < C; c++) sum += offsets[at + c];
    for (int c = 0; c < C; c++) targets[at + c] = sum > 0 ? (float) (offsets[at + c] / sum) : 0.f;
}

// ---- Ferns

constexpr int FERN_TESTS = 8;
constexpr int SHALLOW_CELLS = 4;
constexpr int CELLS_OF_FERN = SHALLOW_CELLS + 256;
constexpr int FERNS = 64;
constexpr int ACTIVE = 2 * FERNS;
constexpr float INITIAL_SUM = 0.01f;
constexpr float MIN_SUM = 1e-10f;

// The active cells of each row: one of the shallow cells of each fern, then one of the others. A thread a row and fern.
//   tests (slots, 2 FERNS * FERN_TESTS)  words: features, then thresholds
//   cells (rows, ACTIVE)                 out
extern "C" __global__ void fernCells(
        const float* scaled, const int* tests, const int* counts, const int* slots, int* cells, int rows, int width) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x, model = blockIdx.y, t = i / FERNS, fern = i % FERNS;
    if (t >= counts[model]) return;
    const size_t row = (size_t) model * rows + t;
    const int* features = tests + (size_t) slots[model] * 2 * FERNS * FERN_TESTS + fern * FERN_TESTS;
    const float* x = scaled + row * width;
    int bits = 0;
    #pragma unroll
    for (int j = 0; j < FERN_TESTS; j++) {
        const float threshold = __int_as_float(features[FERNS * FERN_TESTS + j]);
        bits = bits << 1 | (x[features[j]] > threshold ? 1 : 0);
    }
    const int first = fern * CELLS_OF_FERN;
    cells[row * ACTIVE + fern] = first + (bits >> 6);
    cells[row * ACTIVE + FERNS + fern] = first + SHALLOW_CELLS + bits;
}

// A cell of one expert: C logits, then the sum of squared gradients, padded to quadruples.
template <int C>
struct Cell {
    static constexpr int SIZE = (C + 4) / 4 * 4;
    float v[SIZE];

    __device__ void load(const float* table, int cell) {
        const float4* from = reinterpret_cast<const float4*>(table + (size_t) cell * SIZE);
        #pragma unroll
        for (int i = 0; i < SIZE / 4; i++) {
            const float4 quad = from[i];
            v[4 * i] = quad.x;
            v[4 * i + 1] = quad.y;
            v[4 * i + 2] = quad.z;
            v[4 * i + 3] = quad.w;
        }
    }

    __device__ void store(float* table, int cell) const {
        float4* to = reinterpret_cast<float4*>(table + (size_t) cell * SIZE);
        #pragma unroll
        for (int i = 0; i < SIZE / 4; i++) {
            float4 quad;
            quad.x = v[4 * i];
            quad.y = v[4 * i + 1];
            quad.z = v[4 * i + 2];
            quad.w = v[4 * i + 3];
            to[i] = quad;
        }
    }

    __device__ void reset() {
        #pragma unroll
        for (int i = 0; i < SIZE; i++) v[i] = i == C ? INITIAL_SUM : 0.f;
    }
};

// The next power of two.
template <int C>
constexpr int PADDED = C <= 2 ? 2 : C <= 4 ? 4 : C <= 8 ? 8 : C <= 16 ? 16 : 32;

// Sums of P values over groups of lanes: lane i has that of value i P / 32 afterwards, in v[0]. Each exchange halves the
// sums that a lane has, and doubles what they are over.
template <int P, int H>
__device__ inline void exchange(float (&v)[P]) {
    if constexpr (H > 0) {
        const bool isUpper = threadIdx.x & (32 * H / P);
        #pragma unroll
        for (int i = 0; i < H; i++) {
            const float kept = isUpper ? v[i + H] : v[i], given = isUpper ? v[i] : v[i + H];
            v[i] = kept + __shfl_xor_sync(ALL_LANES, given, 32 * H / P);
        }
        exchange<P, H / 2>(v);
    }
}

// Sums over the 128 threads of a CTA of the logits of their cells, for all threads. The buffer may be used again after
// the next barrier but one.
//   sums (4, padded C)  shared
template <int C>
__device__ inline void sumCells(const Cell<C>& cell, float* sums, float (&z)[C]) {
    constexpr int P = PADDED<C>;
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    float v[P];
    #pragma unroll
    for (int c = 0; c < P; c++) v[c] = c < C ? cell.v[c < C ? c : 0] : 0.f;
    exchange<P, P / 2>(v);
    #pragma unroll
    for (int o = 16 / P; o; o >>= 1) v[0] += __shfl_xor_sync(ALL_LANES, v[0], o);
    if (lane % (32 / P) == 0) sums[warp * P + lane / (32 / P)] = v[0];
    __syncthreads();
    #pragma unroll
    for (int c = 0; c < C; c++) z[c] = (sums[c] + sums[P + c]) + (sums[2 * P + c] + sums[3 * P + c]);
}

// Predictions and learning of the two fern experts: io.freshet.model.ensemble.Ferns. A CTA an expert and model, a thread
// an active cell, so that no two threads share a cell; block = ACTIVE. Where the sum of logits is not finite, its cells
// begin anew and the prediction is uniform.
//   tables (slots, stride)  for each expert its cells of Cell<C>::SIZE floats; then the number of restarts, an int
template <int C>
__global__ void __launch_bounds__(ACTIVE) ferns(
        float* tables, const int* cells, const int* classes, const float* weights, const float* targets,
        const int* ends, const int* counts, const int* slots, float* logs, int experts, int first, int rows,
        int stride) {
    constexpr int P = PADDED<C>;
    __shared__ __align__(16) float sums[2][4 * P];
    __shared__ float totals[2][4];
    const int expert = blockIdx.x, model = blockIdx.y, a = threadIdx.x, lane = a & 31, warp = a >> 5;
    const int count = counts[model];
    const float fading = expert == 0 ? 0.99f : 1.f, rate = (expert == 0 ? 1.f : 3.f) * rsqrtf((float) ACTIVE);
    float* state = tables + (size_t) slots[model] * stride;
    float* table = state + (size_t) expert * FERNS * CELLS_OF_FERN * Cell<C>::SIZE;
    int* restarts = reinterpret_cast<int*>(state + stride - 4);
    const size_t firstRow = (size_t) model * rows;
    const int* active = cells + firstRow * ACTIVE + a;
    const int* label = classes + firstRow;
    const int* end = ends + firstRow;
    const float* weight = weights + firstRow;
    const float* target = targets == nullptr ? nullptr : targets + firstRow * C;
    float* out = logs + (firstRow * experts + first + expert) * C;
    const size_t outStride = (size_t) experts * C;
    int parity = 0;

    // The probabilities of a row, whose logarithms are written.
    auto predict = [&](int r, Cell<C>& cell, int at, float (&p)[C]) {
        float z[C];
        sumCells<C>(cell, sums[parity], z);
        parity ^= 1;
        float m = z[0], s = 0, all = 0;
        #pragma unroll
        for (int c = 1; c < C; c++) m = fmaxf(m, z[c]);
        #pragma unroll
        for (int c = 0; c < C; c++) {
            p[c] = __expf(z[c] - m);
            s += p[c];
            all += z[c];
        }
        float logSum = logf(s), inverse = __fdividef(1.f, s);
        if (!(fabsf(all) <= LARGEST_FLOAT)) {  // the same for all threads
            #pragma unroll
            for (int c = 0; c < C; c++) {
                z[c] = 0;
                p[c] = 1;
            }
            m = 0;
            logSum = logf((float) C);
            inverse = 1.f / C;
            cell.reset();
            cell.store(table, at);
            if (a == 0) atomicAdd(restarts, 1);
        }
        #pragma unroll
        for (int c = 0; c < C; c++) {
            p[c] *= inverse;
            if (a == c) out[r * outStride + c] = z[c] - m - logSum;
        }
    };
    // Takes the step of a row from its probabilities.
    auto learn = [&](int r, Cell<C>& cell, int at, float (&p)[C], int y, float ofRow) {
        float squared = 0;
        #pragma unroll
        for (int c = 0; c < C; c++) {
            p[c] -= target != nullptr ? target[(size_t) r * C + c] : c == y ? 1.f : 0.f;
            squared = fmaf(p[c], p[c], squared);
        }
        const float sum = fmaxf(fmaf(fading, cell.v[C], squared), MIN_SUM);
        float step = rsqrtf(sum), total = sumOfLanes(step);
        if (lane == 0) totals[parity][warp] = total;
        __syncthreads();
        total = (totals[parity][0] + totals[parity][1]) + (totals[parity][2] + totals[parity][3]);
        const float factor = rate * ofRow;
        step *= factor / (1.f + 0.5f * factor * total);
        #pragma unroll
        for (int c = 0; c < C; c++) cell.v[c] = fmaf(-step, p[c], cell.v[c]);
        cell.v[C] = sum;
        cell.store(table, at);
    };

    if (count == 0) return;
    Cell<C> cell, following;
    int at = active[0], t = 0;
    cell.load(table, at);
    while (t < count) {
        const int batchEnd = end[t], next = max(batchEnd, t + 1);
        float p[C];
        if (next == t + 1) {
            const int nextAt = next < count ? active[(size_t) next * ACTIVE] : at;
            if (nextAt != at) following.load(table, nextAt);
            const int y = label[t];
            const float ofRow = weight[t];
            predict(t, cell, at, p);
            if (y >= 0) learn(t, cell, at, p, y, ofRow);
            if (nextAt != at) cell = following;
            at = nextAt;
        } else {
            for (int r = t; r < next; r++) {
                at = active[(size_t) r * ACTIVE];
                cell.load(table, at);
                predict(r, cell, at, p);
            }
            __syncthreads();
            for (int r = t; r < next; r++) {
                const int y = label[r];
                if (y < 0) continue;
                at = active[(size_t) r * ACTIVE];
                cell.load(table, at);
                #pragma unroll
                for (int c = 0; c < C; c++) p[c] = __expf(out[r * outStride + c]);
                learn(r, cell, at, p, y, weight[r]);
                parity ^= 1;
            }
            if (next < count) {
                at = active[(size_t) next * ACTIVE];
                cell.load(table, at);
            }
        }
        t = next;
    }
}

// ---- Nearest examples

constexpr int WINDOW = 1024;
constexpr int RECENT = 32;
constexpr int REFRESH = 32;

// Where each row stands in the window, and from which row on the weights of the features are which. A thread a model;
// block = 32; shared = 2 rows ints. An epoch is the rows that have the same weights; the first has those of the state.
//   counters (slots, 2)     examples learnt; the number of them at which the weights are next computed anew
//   before   (rows)         out: rows of the block that are learnt before the row's mini-batch
//   places   (rows)         out: rows that are learnt before the row; -1 for a row that is not learnt
//   epochs   (rows)         out: epoch of each row
//   starts   (maxEpochs)    out: the first row of each epoch, which may be the number of rows; -1 for no epoch
//   seen     (1)            out: examples learnt before the block
extern "C" __global__ void planWindow(
        long long* counters, const int* classes, const int* ends, const int* counts, const int* slots, int* before,
        int* places, int* epochs, int* starts, long long* seen, int rows, int maxEpochs) {
    extern __shared__ __align__(16) unsigned char sharedMemory[];
    int* label = reinterpret_cast<int*>(sharedMemory);
    int* end = label + rows;
    const int model = blockIdx.x, thread = threadIdx.x, count = counts[model];
    const size_t first = (size_t) model * rows;
    for (int r = thread; r < rows; r += blockDim.x) {
        label[r] = r < count ? classes[first + r] : -1;
        end[r] = r < count ? ends[first + r] : -1;
    }
    for (int k = thread; k < maxEpochs; k += blockDim.x) starts[(size_t) model * maxEpochs + k] = k == 0 ? 0 : -1;
    __syncwarp();
    if (thread > 0) return;
    long long* counter = counters + (size_t) slots[model] * 2;
    const long long already = counter[0];
    long long refresh = counter[1];
    int learnt = 0, epoch = 0, t = 0;
    seen[model] = already;
    while (t < count) {
        if (already + learnt >= refresh) {
            refresh = (already + learnt) / REFRESH * REFRESH + REFRESH;
            starts[(size_t) model * maxEpochs + ++epoch] = t;
        }
        const int next = max(end[t], t + 1), learntBefore = learnt;
        for (int r = t; r < next; r++) {
            before[first + r] = learntBefore;
            epochs[first + r] = epoch;
            places[first + r] = label[r] >= 0 ? learnt++ : -1;
        }
        t = next;
    }
    if (already + learnt >= refresh) {
        refresh = (already + learnt) / REFRESH * REFRESH + REFRESH;
        starts[(size_t) model * maxEpochs + ++epoch] = count;
    }
    for (; t < rows; t++) {
        before[first + t] = learnt;
        epochs[first + t] = 0;
        places[first + t] = -1;
    }
    counter[0] = already + learnt;
    counter[1] = refresh;
}

// How far the weights of each feature are from their mean over the classes, squared, at the beginning of each epoch:
// from the parameters before the block and the gradients of the rows before the epoch. Groups of lanes, a lane a class;
// grid (features of a CTA, epochs by models), block = 256; group is a power of two, C <= group <= 32.
//   parameters (width, rates * C)  before the block
//   gradients  (rows, rates * C)   minus step times gradient
//   spreads    (maxEpochs, F)      out; not for the first epoch
extern "C" __global__ void spreads(
        const float* parameters, const float* scaled, const float* gradients, const int* starts, float* out,
        int maxEpochs, int rate, int numRates, int C, int group, int features, int width, int rows) {
    const int lane = threadIdx.x & 31, c = lane % group;
    const int f = (blockIdx.x * (blockDim.x >> 5) + (threadIdx.x >> 5)) * (32 / group) + lane / group;
    const int epoch = blockIdx.y % maxEpochs, N = numRates * C;
    const size_t model = blockIdx.y / maxEpochs;
    const int start = starts[model * maxEpochs + epoch];
    if (epoch == 0 || start < 0) return;
    const bool isUsed = f < features && c < C;
    float w = 0;
    if (isUsed) {
        const float* x = scaled + model * rows * width + f;
        const float* g = gradients + model * rows * N + rate * C + c;
        float sums[8] = {0, 0, 0, 0, 0, 0, 0, 0};
        int t = 0;
        for (; t + 8 <= start; t += 8) {
            #pragma unroll
            for (int i = 0; i < 8; i++) sums[i] = fmaf(x[(size_t) (t + i) * width], g[(size_t) (t + i) * N], sums[i]);
        }
        for (; t < start; t++) sums[0] = fmaf(x[(size_t) t * width], g[(size_t) t * N], sums[0]);
        w = parameters[(model * width + f) * N + rate * C + c]
                + (((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7])));
    }
    float mean = w / C;
    for (int o = group / 2; o; o >>= 1) mean += __shfl_xor_sync(ALL_LANES, mean, o);
    float square = isUsed ? (w - mean) * (w - mean) : 0.f;
    for (int o = group / 2; o; o >>= 1) square += __shfl_xor_sync(ALL_LANES, square, o);
    if (isUsed && c == 0) out[(model * maxEpochs + epoch) * features + f] = square;
}

// Weights of the features in each epoch: those of the state in the first. A CTA an epoch and model.
//   featureWeights (slots, F), out (maxEpochs, F)
extern "C" __global__ void weightsOfFeatures(
        const float* featureWeights, const float* spreads, const int* starts, const int* slots, float* out,
        int maxEpochs, int features) {
    __shared__ float parts[32];
    const int epoch = blockIdx.x, lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    const size_t model = blockIdx.y, at = model * maxEpochs + epoch;
    if (starts[at] < 0) return;
    if (epoch == 0) {
        const float* from = featureWeights + (size_t) slots[model] * features;
        for (int f = threadIdx.x; f < features; f += blockDim.x) out[at * features + f] = from[f];
        return;
    }
    const float* square = spreads + at * features;
    float largest = 0;
    for (int f = threadIdx.x; f < features; f += blockDim.x) largest = fmaxf(largest, square[f]);
    largest = maxOfLanes(largest);
    if (lane == 0) parts[warp] = largest;
    __syncthreads();
    for (int w = 0; w < blockDim.x / 32; w++) largest = fmaxf(largest, parts[w]);
    const double inverse = 1 / sqrt((double) largest);
    for (int f = threadIdx.x; f < features; f += blockDim.x) {
        const double relative = 0.2 + sqrt((double) square[f]) * inverse;
        out[at * features + f] = largest > 0 ? (float) (relative * relative * relative) : 1.f;
    }
}

// Weighted features, a row a feature: out (F, rows). A thread a value.
extern "C" __global__ void weighFeatures(
        const float* scaled, const float* weights, const int* epochs, float* out, int maxEpochs, int features,
        int width, int rows) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x, t = i % rows, f = i / rows;
    const size_t model = blockIdx.y;
    if (f >= features) return;
    const int epoch = epochs[model * rows + t];
    out[(model * features + f) * rows + t] =
            weights[(model * maxEpochs + epoch) * features + f] * scaled[(model * rows + t) * width + f];
}

// Probabilities of the classes by their nearest examples among the last 32 and the last 1,024. A CTA eight rows;
// block = 256; shared = 8 (dimensions + 2 C) words. An example of the window and one of the block's own earlier rows
// have the index that they have among all examples of the model.
//   ring   (slots, dimensions, WINDOW)  points, the i-th example at i % WINDOW, before the block
//   labels (slots, WINDOW)              their classes
//   points (dimensions, rows)           points of the rows
extern "C" __global__ void __launch_bounds__(256) nearest(
        const float* ring, const int* labels, const float* points, const int* classes, const int* before,
        const int* places, const long long* seen, const int* counts, const int* slots, float* logs, int experts,
        int first, int rows, int dimensions, int features, int C) {
    extern __shared__ __align__(16) unsigned char sharedMemory[];
    float* own = reinterpret_cast<float*>(sharedMemory);
    unsigned* least = reinterpret_cast<unsigned*>(own + 8 * dimensions);
    __shared__ int learntBefore[8];
    const int t0 = blockIdx.x * 8, thread = threadIdx.x;
    const size_t model = blockIdx.y, slot = slots[model], firstRow = model * rows;
    if (t0 >= counts[model]) return;
    const float* window = ring + slot * dimensions * WINDOW;
    const float* block = points + model * dimensions * rows;
    for (int i = thread; i < 8 * dimensions; i += blockDim.x) own[i] = block[(size_t) (i >> 3) * rows + t0 + (i & 7)];
    for (int i = thread; i < 16 * C; i += blockDim.x) least[i] = 0x7f800000u;
    if (thread < 8) learntBefore[thread] = before[firstRow + t0 + thread];
    __syncthreads();
    const long long already = seen[model];
    for (int j = thread; j < WINDOW + t0 + 8; j += blockDim.x) {
        const bool isOfWindow = j < WINDOW;
        // The index relative to the first example of the block.
        int index, label;
        if (isOfWindow) {
            index = -1 - (int) ((already - 1 - j) & (WINDOW - 1));
            if (already + index < 0) continue;
            label = labels[slot * WINDOW + j];
        } else {
            index = places[firstRow + j - WINDOW];
            if (index < 0) continue;
            label = classes[firstRow + j - WINDOW];
        }
        const float* values = isOfWindow ? window + j : block + j - WINDOW;
        const int stride = isOfWindow ? WINDOW : rows;
        float d[8] = {0, 0, 0, 0, 0, 0, 0, 0};
        for (int k = 0; k < dimensions; k++) {
            const float value = values[(size_t) k * stride];
            const float4 a = *reinterpret_cast<const float4*>(own + 8 * k);
            const float4 b = *reinterpret_cast<const float4*>(own + 8 * k + 4);
            const float u[8] = {a.x, a.y, a.z, a.w, b.x, b.y, b.z, b.w};
            #pragma unroll
            for (int i = 0; i < 8; i++) d[i] = fmaf(u[i] - value, u[i] - value, d[i]);
        }
        #pragma unroll
        for (int i = 0; i < 8; i++) {
            if (index >= learntBefore[i] || index < learntBefore[i] - WINDOW) continue;
            // Bits of distances are ordered as they are, and those of NaN are above infinity.
            const unsigned distance = __float_as_uint(d[i]) & 0x7fffffffu;
            unsigned* of = least + i * C + label;
            if (distance < of[8 * C]) atomicMin(of + 8 * C, distance);
            if (index >= learntBefore[i] - RECENT && distance < *of) atomicMin(of, distance);
        }
    }
    __syncthreads();
    if (thread < 16) {
        const int set = thread >> 3, t = t0 + (thread & 7);
        if (t >= counts[model]) return;
        const unsigned* of = least + (set * 8 + (thread & 7)) * C;
        const float floor = 1e-4f * features;
        unsigned nearestOfAll = of[0];
        for (int c = 1; c < C; c++) nearestOfAll = min(nearestOfAll, of[c]);
        const float smallest = __uint_as_float(nearestOfAll);
        float sum = 0;
        for (int c = 0; c < C; c++) {
            if (of[c] < 0x7f800000u) sum += (smallest + floor) / (__uint_as_float(of[c]) + floor);
        }
        float* out = logs + ((firstRow + t) * experts + first + set) * C;
        for (int c = 0; c < C; c++) {
            const float value =
                    of[c] < 0x7f800000u ? (smallest + floor) / (__uint_as_float(of[c]) + floor) : 0.f;
            out[c] = logf((value + 0.05f / C) / (sum + 0.05f));
        }
    }
}

// Adds the rows that are learnt to the window, after nearest, and keeps the weights of the last epoch.
extern "C" __global__ void appendToWindow(
        float* ring, int* labels, float* featureWeights, const float* points, const float* weights, const int* classes,
        const int* places, const int* starts, const long long* seen, const int* slots, int maxEpochs, int rows,
        int dimensions, int features) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    const size_t model = blockIdx.y, slot = slots[model];
    if (i < features) {
        int last = 0;
        while (last + 1 < maxEpochs && starts[model * maxEpochs + last + 1] >= 0) last++;
        featureWeights[slot * features + i] = weights[(model * maxEpochs + last) * features + i];
    }
    const int t = i % rows, k = i / rows;
    if (k >= dimensions) return;
    const int place = places[model * rows + t];
    if (place < 0) return;
    const int to = (int) ((seen[model] + place) & (WINDOW - 1));
    ring[(slot * dimensions + k) * WINDOW + to] = points[(model * dimensions + k) * rows + t];
    if (k == 0) labels[slot * WINDOW + to] = classes[model * rows + t];
}

// ---- Labels

// Predictions and learning of the experts that see only labels: io.freshet.model.ensemble.LabelExperts. A warp a model.
//   states (slots, (C + 2) C + 1)  counts by last label, two of frequencies, then the newest label
extern "C" __global__ void labelExperts(
        float* states, const int* classes, const int* ends, const int* counts, const int* slots, float* logs,
        int experts, int first, int rows, int C) {
    const int model = blockIdx.x, lane = threadIdx.x, count = counts[model];
    float* state = states + (size_t) slots[model] * ((size_t) (C + 2) * C + 1);
    const size_t firstRow = (size_t) model * rows;
    const float fadings[3] = {0.99f, 0.999f, 0.95f};
    int last = (int) state[(size_t) (C + 2) * C], t = 0;
    while (t < count) {
        const int batchEnd = ends[firstRow + t], next = max(batchEnd, t + 1);
        #pragma unroll
        for (int k = 0; k < 3; k++) {
            const float* of = state + (size_t) (k == 0 ? last : C + k - 1) * C;
            float sum = 0;
            for (int c = lane; c < C; c += 32) sum += of[c];
            sum = sumOfLanes(sum);
            for (int c = lane; c < C; c += 32) {
                const float log = logf(of[c] / sum);
                for (int r = t; r < next; r++) logs[((firstRow + r) * experts + first + k) * C + c] = log;
            }
        }
        // A lane reads and writes the counts of its own classes.
        for (int r = t; r < batchEnd; r++) {
            const int y = classes[firstRow + r];
            if (y < 0) continue;
            #pragma unroll
            for (int k = 0; k < 3; k++) {
                float* of = state + (size_t) (k == 0 ? last : C + k - 1) * C;
                for (int c = lane; c < C; c += 32) of[c] = fadings[k] * of[c] + (c == y ? 1.f : 0.f);
            }
            last = y;
        }
        t = next;
    }
    __syncwarp();
    if (lane == 0) state[(size_t) (C + 2) * C] = (float) last;
}
