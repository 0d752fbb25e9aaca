// Sums and maxima over the 32 threads of a warp. Precedes every other source.

#define ALL_LANES 0xffffffffu
#define NEGATIVE_INFINITY __int_as_float(0xff800000)

__device__ inline float sumOfLanes(float value) {
    #pragma unroll
    for (int o = 16; o; o >>= 1) value += __shfl_xor_sync(ALL_LANES, value, o);
    return value;
}

__device__ inline double sumOfLanes(double value) {
    #pragma unroll
    for (int o = 16; o; o >>= 1) value += __shfl_xor_sync(ALL_LANES, value, o);
    return value;
}

__device__ inline float maxOfLanes(float value) {
    #pragma unroll
    for (int o = 16; o; o >>= 1) value = fmaxf(value, __shfl_xor_sync(ALL_LANES, value, o));
    return value;
}

// The class with the larger value, or of equal values the lower class.
template <class T>
__device__ inline void keepLarger(T& value, int& c, T otherValue, int otherClass) {
    if (otherValue > value || (otherValue == value && otherClass < c)) {
        value = otherValue;
        c = otherClass;
    }
}
