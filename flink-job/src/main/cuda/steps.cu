// Work around the recursion of a block (recursion.cu, with the same names): steps of rows, coefficients of mini-batches
// and of momentum, and the step that closes the block. Row-major floats, for each model of a launch one after the other.

// A row's steps: the rate times the row's own scale.
extern "C" __global__ void plainSteps(
        float* steps, const float* scales, const float* rates, int numRates, int rows) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x, model = blockIdx.y;
    if (i >= numRates * rows) return;
    steps[(size_t) model * numRates * rows + i] = rates[i / rows] * scales[(size_t) model * rows + i % rows];
}

// A row's normalised steps: the rate r over 1 + r w |x|^2 / 2, with the row's weight w, times the row's own scale. A warp
// a row.
//   scaled (rows, width)  weights (rows)
extern "C" __global__ void normalisedSteps(
        float* steps, const float* scales, const float* rates, const float* scaled, const float* weights, int numRates,
        int rows, int width) {
    const int t = blockIdx.x * (blockDim.x >> 5) + (threadIdx.x >> 5), lane = threadIdx.x & 31;
    const size_t model = blockIdx.y;
    if (t >= rows) return;
    const float* x = scaled + (model * rows + t) * width;
    float squared = 0;
    for (int f = lane; f < width; f += 32) squared = fmaf(x[f], x[f], squared);
    squared = sumOfLanes(squared);
    const float half = fmaxf(weights[model * rows + t], 0.f) * squared / 2, scale = scales[model * rows + t];
    for (int rate = lane; rate < numRates; rate += 32) {
        // A row without a step has none, whatever its features are.
        steps[(model * numRates + rate) * rows + t] =
                scale == 0 ? 0.f : scale * rates[rate] / (1 + rates[rate] * half);
    }
}

// Takes rows of the same mini-batch apart, and applies the optimiser's coefficients: above the diagonal, K[s][t] is
// multiplied by the coefficient of the gradient of row s in the parameters before row t; 0 if they are in one
// mini-batch. Z becomes parameterFactor * Z + velocityFactor * ZV, both of the row.
//   batches       (rows)                  index of each row's step in the block
//   coefficients  (rows + 1, rows)        by steps taken and step; not used if isPlain
//   factors       (rows + 1, 2)           factors of the parameters and the velocity by steps taken
extern "C" __global__ void couple(
        float* K, float* Z, const float* ZV, const int* batches, const float* coefficients, const float* factors,
        int rows, int N, int isPlain) {
    const int model = blockIdx.y;
    const int* batch = batches + (size_t) model * rows;
    float* gram = K + (size_t) model * rows * rows;
    const int first = blockIdx.x * blockDim.x + threadIdx.x, stride = gridDim.x * blockDim.x;
    const float* coefficient = coefficients + (size_t) model * (rows + 1) * rows;
    for (int i = first; i < rows * rows; i += stride) {
        const int s = i / rows, t = i % rows;
        if (s < t) {
            const int before = batch[s], taken = batch[t];
            gram[i] = before == taken ? 0.f : isPlain ? gram[i] : gram[i] * coefficient[taken * rows + before];
        }
    }
    if (isPlain) return;
    const float* factor = factors + (size_t) model * (rows + 1) * 2;
    float* z = Z + (size_t) model * rows * N;
    const float* velocity = ZV == nullptr ? nullptr : ZV + (size_t) model * rows * N;
    for (int i = first; i < rows * N; i += stride) {
        const int taken = batch[i / N];
        float value = factor[taken * 2] * z[i];
        if (velocity != nullptr) value = fmaf(factor[taken * 2 + 1], velocity[i], value);
        z[i] = value;
    }
}

// Multiplies the rows of G by the coefficient of their step in the parameters, or in the velocity, after the block.
//   lastCoefficients (models, 2, rows)  by step: in the parameters, in the velocity
extern "C" __global__ void scaleGradients(
        const float* G, float* scaled, const int* batches, const float* lastCoefficients, int which, int rows, int N) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    const size_t model = blockIdx.y;
    if (i >= rows * N) return;
    const int batch = batches[model * rows + i / N];
    scaled[model * rows * N + i] =
            batch < rows ? lastCoefficients[(model * 2 + which) * rows + batch] * G[model * rows * N + i] : 0.f;
}

// Takes the steps of a block: parameters = f0 before + f1 velocityBefore + change, and for an optimiser with a velocity
// velocity = f2 before + f3 velocityBefore + velocityChange.
//   before, states  (models or slots, size parameters, then size velocities if there are any)
//   closing         (models, 4)  f0 to f3
extern "C" __global__ void takeSteps(
        float* states, const float* before, const float* change, const float* velocityChange, const float* closing,
        const int* slots, int size, int hasVelocity) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x, model = blockIdx.y;
    if (i >= size) return;
    const size_t stride = (size_t) size * (hasVelocity ? 2 : 1);
    const float* from = before + model * stride;
    float* to = states + slots[model] * stride;
    const float* f = closing + model * 4;
    const float w = from[i];
    float value = f[0] == 1.f ? w : f[0] * w;
    value += change[(size_t) model * size + i];
    if (hasVelocity) {
        const float v = from[size + i];
        value = fmaf(f[1], v, value);
        to[size + i] = fmaf(f[2], w, f[3] == 0.f ? 0.f : f[3] * v) + velocityChange[(size_t) model * size + i];
    }
    to[i] = value;
}

// Norm of the gradient of the last mini-batch of each model under each rate, steps included, from
// |Xᵀ G|² = sum of K_ij <g_i, g_j>. A CTA a rate and model; block = 256.
//   lasts (models, 2)       first row of the last mini-batch, and the index after its last row
//   norms (models, rates)   out
extern "C" __global__ void gradientNorms(
        const float* K, const float* G, const int* lasts, float* norms, int rows, int N, int C) {
    __shared__ double parts[8];
    const int rate = blockIdx.x, thread = threadIdx.x;
    const size_t model = blockIdx.y;
    const int begin = lasts[model * 2], size = lasts[model * 2 + 1] - begin;
    const float* gram = K + model * rows * rows;
    const float* g = G + model * rows * N + rate * C;
    double sum = 0;
    for (int pair = thread; pair < size * size; pair += blockDim.x) {
        const int i = begin + pair / size, j = begin + pair % size;
        if (j > i) continue;
        float inner = 0;
        for (int c = 0; c < C; c++) inner = fmaf(g[(size_t) i * N + c], g[(size_t) j * N + c], inner);
        // Only the triangle below the diagonal is the Gram matrix itself.
        sum += (i == j ? 1.0 : 2.0) * gram[(size_t) i * rows + j] * inner;
    }
    for (int o = 16; o; o >>= 1) sum += __shfl_xor_sync(ALL_LANES, sum, o);
    if ((thread & 31) == 0) parts[thread >> 5] = sum;
    __syncthreads();
    if (thread == 0) {
        double total = 0;
        for (int w = 0; w < blockDim.x / 32; w++) total += parts[w];
        norms[model * gridDim.x + rate] = size == 0 ? __int_as_float(0x7fc00000) : (float) sqrt(fmax(0.0, total));
    }
}
