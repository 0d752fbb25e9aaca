// Copies of the state of some models, and sums over it.

// Copies the state of the models of a launch to the places of the launch, or back.
//   states (slots, size), copies (models, size)  in words of 4 bytes
extern "C" __global__ void copyStates(unsigned* states, unsigned* copies, const int* slots, int size, int isBack) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x, model = blockIdx.y;
    if (i >= size) return;
    unsigned* state = states + (size_t) slots[model] * size + i;
    unsigned* copy = copies + (size_t) model * size + i;
    if (isBack) *state = *copy; else *copy = *state;
}

// Sums over the parameters of each model for each learning rate and part of the inputs: of magnitudes, and of squares.
// Grid (rates * parts, models), block = 256.
//   states (slots, size)           of which the first are parameters, (width, rates * C)
//   sums   (models, rates, parts, 2)
//   slots  (models)                null for the first slot
extern "C" __global__ void magnitudes(
        const float* states, double* sums, const int* slots, int size, int parts, int width, int N, int C) {
    __shared__ double ofWarps[8][2];
    const int rate = blockIdx.x / parts, part = blockIdx.x % parts, model = blockIdx.y, thread = threadIdx.x;
    const float* parameters = states + (slots == nullptr ? 0 : (size_t) slots[model] * size);
    double magnitude = 0, square = 0;
    for (int i = part * blockDim.x + thread; i < width * C; i += parts * blockDim.x) {
        const double value = parameters[(size_t) (i / C) * N + rate * C + i % C];
        magnitude += fabs(value);
        square += value * value;
    }
    magnitude = sumOfLanes(magnitude);
    square = sumOfLanes(square);
    if ((thread & 31) == 0) {
        ofWarps[thread >> 5][0] = magnitude;
        ofWarps[thread >> 5][1] = square;
    }
    __syncthreads();
    if (thread < 2) {
        double sum = 0;
        for (int w = 0; w < 8; w++) sum += ofWarps[w][thread];
        sums[((size_t) model * gridDim.x + blockIdx.x) * 2 + thread] = sum;
    }
}
