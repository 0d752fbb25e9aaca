// Native methods of io.freshet.model.cuda.device.EmulationBridge.

#include <dlfcn.h>
#include <jni.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <string>
#include <vector>

#define METHOD(type, name) extern "C" JNIEXPORT type JNICALL Java_io_freshet_model_cuda_device_EmulationBridge_##name

namespace {

template <class T>
T* at(jlong address) {
    return reinterpret_cast<T*>(static_cast<uintptr_t>(address));
}

jlong addressOf(const void* pointer) { return static_cast<jlong>(reinterpret_cast<uintptr_t>(pointer)); }

std::string textOf(JNIEnv* env, jstring text) {
    const char* chars = env->GetStringUTFChars(text, nullptr);
    std::string result(chars);
    env->ReleaseStringUTFChars(text, chars);
    return result;
}

void fail(JNIEnv* env, const char* message) {
    env->ThrowNew(env->FindClass("io/freshet/model/cuda/device/DeviceException"), message);
}

using Launch = void (*)(void*, int, int, int, int, const unsigned char*, int, int, char*, size_t, void**);

void* stacks = nullptr;

}  // namespace

METHOD(jlong, open)(JNIEnv* env, jclass, jstring path) {
    void* library = dlopen(textOf(env, path).c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) fail(env, dlerror());
    return addressOf(library);
}

METHOD(jlong, find)(JNIEnv* env, jclass, jlong library, jstring symbol) {
    void* found = dlsym(at<void>(library), textOf(env, symbol).c_str());
    if (!found) fail(env, dlerror());
    return addressOf(found);
}

METHOD(jstring, run)
(JNIEnv* env, jclass, jlong launch, jlong kernel, jint gridX, jint gridY, jint threads, jint sharedBytes,
 jbyteArray arguments, jboolean reversed) {
    const jsize size = env->GetArrayLength(arguments);
    std::vector<unsigned char> values(size + 8);
    env->GetByteArrayRegion(arguments, 0, size, reinterpret_cast<jbyte*>(values.data()));
    std::vector<char> error(4096);
    reinterpret_cast<Launch>(at<void>(launch))(at<void>(kernel), gridX, gridY, threads, sharedBytes, values.data(),
                                               size / 8, reversed, error.data(), error.size(), &stacks);
    return error[0] ? env->NewStringUTF(error.data()) : nullptr;
}

METHOD(jlong, allocate)(JNIEnv*, jclass, jlong bytes) {
    return addressOf(aligned_alloc(256, (static_cast<size_t>(bytes) + 255) / 256 * 256));
}

METHOD(void, free)(JNIEnv*, jclass, jlong address) { free(at<void>(address)); }

METHOD(void, fill)(JNIEnv*, jclass, jlong address, jint value, jlong bytes) { memset(at<void>(address), value, bytes); }

METHOD(void, copy)(JNIEnv*, jclass, jlong to, jlong from, jlong bytes) { memmove(at<void>(to), at<void>(from), bytes); }

METHOD(jlong, firstOther)(JNIEnv*, jclass, jlong address, jint value, jlong bytes) {
    const unsigned char* values = at<unsigned char>(address);
    for (jlong i = 0; i < bytes; i++) {
        if (values[i] != static_cast<unsigned char>(value)) return i;
    }
    return -1;
}

METHOD(jobject, buffer)(JNIEnv* env, jclass, jlong address, jint bytes) {
    return env->NewDirectByteBuffer(at<void>(address), bytes);
}

METHOD(void, multiply)
(JNIEnv*, jclass, jint rows, jint inner, jint columns, jlong addressA, jlong strideA, jboolean transposedA,
 jlong addressB, jlong strideB, jboolean transposedB, jfloat beta, jlong addressC, jlong strideC) {
    const float* a = at<float>(addressA);
    const float* b = at<float>(addressB);
    std::vector<float> plain;  // B row by row
    if (transposedB) {
        plain.resize(static_cast<size_t>(inner) * columns);
        for (size_t j = 0; j < static_cast<size_t>(columns); j++) {
            for (size_t k = 0; k < static_cast<size_t>(inner); k++) plain[k * columns + j] = b[j * strideB + k];
        }
        b = plain.data();
        strideB = columns;
    }
    std::vector<float> sums(columns);
    for (jlong i = 0; i < rows; i++) {
        float* sum = sums.data();
        memset(sum, 0, sizeof(float) * columns);
        for (jlong k = 0; k < inner; k++) {
            const float factor = transposedA ? a[k * strideA + i] : a[i * strideA + k];
            const float* row = b + k * strideB;
            for (jint j = 0; j < columns; j++) sum[j] = fmaf(factor, row[j], sum[j]);
        }
        float* c = at<float>(addressC) + i * strideC;
        for (jint j = 0; j < columns; j++) c[j] = beta == 0 ? sum[j] : fmaf(beta, c[j], sum[j]);
    }
}
