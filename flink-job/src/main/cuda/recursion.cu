// Exact stochastic gradient descent on the rows of a block, as a forward substitution.
//
// With the scaled rows X of a block and the parameters W before it, row t has the logits
//     X_t W - sum over earlier rows s of (X_t . X_s) * step_s * gradient_s,
// so that K = X Xᵀ and Z = X W are computed once, and only the gradients one after the other.
//
// Matrices are row-major floats, for each model of a launch one after the other; a launch's grid is
// (learning rates, models). N = rates * C.
//   Z        (rows, N)      in: X W. out: each row's own logits, before its own step
//   K        (rows, rows)   X Xᵀ; above the diagonal, the factor by which an earlier row moves a later one
//   G        (rows, N)      out: minus step times gradient at the row's logits
//   steps    (rates, rows)  step of each row under each rate; 0 for a row that is not trained on
//   labels   (rows)         class, or -1
//   slopes, offsets (rows, C)  a and b of the gradient a p - b at the probabilities p, where it is not that of a label

// Gradient of a loss at the logits, times the step.
enum Gradient {
    OF_LABEL,    // softmax, p - 1 at the label and p elsewhere
    OF_TARGETS,  // softmax, (sum of b) p - b
    OF_SIGMOID   // sigmoid, a p - b for each output
};

// Few classes. A thread has a row, a warp a sub-block of 32 rows, a CTA a rate: block = rows <= 512, a multiple of 32;
// shared = rows * C floats. Inside a sub-block gradients travel by shuffles and nobody else waits; after it, all later
// rows take its 32 gradients at once.
template <int C, int GRADIENT>
__global__ void __launch_bounds__(512) fewClasses(
        float* Z, const float* K, float* G, const float* steps, const int* labels, const float* slopes,
        const float* offsets, int rows, int N) {
    extern __shared__ __align__(16) unsigned char sharedMemory[];
    float* gradients = reinterpret_cast<float*>(sharedMemory);
    const int rate = blockIdx.x, numRates = gridDim.x, row = threadIdx.x, lane = row & 31, warp = row >> 5;
    const size_t model = blockIdx.y;
    float* logits = Z + (model * rows + row) * N + rate * C;
    float* out = G + (model * rows + row) * N + rate * C;
    const float* gram = K + model * rows * rows + row;
    const float step = steps[(model * numRates + rate) * rows + row];
    const int label = labels[model * rows + row];
    float z[C], k[32], a[GRADIENT == OF_SIGMOID ? C : 1], b[GRADIENT == OF_LABEL ? 1 : C], sum = 0;
    #pragma unroll
    for (int c = 0; c < C; c++) z[c] = logits[c];
    if (GRADIENT != OF_LABEL) {
        #pragma unroll
        for (int c = 0; c < C; c++) {
            b[GRADIENT == OF_LABEL ? 0 : c] = offsets[(model * rows + row) * C + c];
            sum += b[GRADIENT == OF_LABEL ? 0 : c];
            if (GRADIENT == OF_SIGMOID) a[GRADIENT == OF_SIGMOID ? c : 0] = slopes[(model * rows + row) * C + c];
        }
    }
    #pragma unroll
    for (int j = 0; j < 32; j++) k[j] = gram[(size_t) j * rows];
    for (int sub = 0; sub < rows / 32; sub++) {
        if (warp == sub) {
            float g[C];
            #pragma unroll
            for (int t = 0; t < 32; t++) {
                if (GRADIENT == OF_SIGMOID) {
                    #pragma unroll
                    for (int c = 0; c < C; c++) {
                        const float p = __fdividef(1.f, 1.f + __expf(fminf(-z[c], 80.f)));
                        g[c] = -step * (a[GRADIENT == OF_SIGMOID ? c : 0] * p - b[GRADIENT == OF_LABEL ? 0 : c]);
                    }
                } else {
                    float m = z[0], s = 0;
                    #pragma unroll
                    for (int c = 1; c < C; c++) m = fmaxf(m, z[c]);
                    #pragma unroll
                    for (int c = 0; c < C; c++) {
                        g[c] = __expf(z[c] - m);
                        s += g[c];
                    }
                    const float inverse = __fdividef(1.f, s);
                    #pragma unroll
                    for (int c = 0; c < C; c++) {
                        const float p = g[c] * inverse;
                        g[c] = -step * (GRADIENT == OF_LABEL ? p - (c == label ? 1.f : 0.f)
                                                             : sum * p - b[GRADIENT == OF_LABEL ? 0 : c]);
                    }
                }
                // Lane t computes the same gradient again in later turns: its logits move no more.
                const float kt = lane > t ? k[t] : 0.f;
                #pragma unroll
                for (int c = 0; c < C; c++) z[c] = fmaf(kt, __shfl_sync(ALL_LANES, g[c], t), z[c]);
            }
            #pragma unroll
            for (int c = 0; c < C; c++) {
                gradients[row * C + c] = g[c];
                out[c] = g[c];
                logits[c] = z[c];
            }
        }
        __syncthreads();
        if (warp > sub) {
            #pragma unroll
            for (int j = 0; j < 32; j++) {
                #pragma unroll
                for (int c = 0; c < C; c++) z[c] = fmaf(k[j], gradients[(sub * 32 + j) * C + c], z[c]);
            }
            #pragma unroll
            for (int j = 0; j < 32; j++) k[j] = gram[(size_t) ((sub + 1) * 32 + j) * rows];
        }
    }
}

// Many classes. A thread has P classes of R rows in registers, a CTA a rate: block = T, C <= P * T. Rows
// [first, first + R); before the launch their Z has taken the earlier rows' G, by one product with K. One barrier a
// row: sums of exponentials under a shift taken before the sub-block; where a row's logits have moved too far from it,
// that row alone goes again by its own maximum.
template <int P, int T, int R, int GRADIENT>
__global__ void __launch_bounds__(T) manyClasses(
        float* Z, const float* K, float* G, const float* steps, const int* labels, const float* slopes,
        const float* offsets, int rows, int N, int C, int first) {
    constexpr int WARPS = T / 32;
    __shared__ float k[R][R + 1], shift[R], step[R], sum[R], maxima[R][WARPS + 1], again[WARPS];
    __shared__ __align__(16) float sums[2][32];
    __shared__ int label[R];
    const int rate = blockIdx.x, numRates = gridDim.x, thread = threadIdx.x, lane = thread & 31, warp = thread >> 5;
    const size_t model = blockIdx.y;
    float* logits = Z + (model * rows + first) * N + rate * C;
    float* out = G + (model * rows + first) * N + rate * C;
    const float* gram = K + (model * rows + first) * rows + first;
    const float* b = GRADIENT == OF_LABEL ? nullptr : offsets + (model * rows + first) * C;
    const float* a = GRADIENT == OF_SIGMOID ? slopes + (model * rows + first) * C : nullptr;
    for (int i = thread; i < R * R; i += T) k[i / R][i % R] = gram[(size_t) (i / R) * rows + i % R];
    if (thread < 32) {
        if (thread < R) {
            step[thread] = steps[(model * numRates + rate) * rows + first + thread];
            label[thread] = labels[model * rows + first + thread];
        }
        sums[0][thread] = sums[1][thread] = 0;
    }
    float z[R][P];
    #pragma unroll
    for (int r = 0; r < R; r++) {
        #pragma unroll
        for (int p = 0; p < P; p++) {
            const int c = p * T + thread;
            z[r][p] = c < C ? logits[r * N + c] : NEGATIVE_INFINITY;
        }
    }
    #pragma unroll
    for (int r = 0; r < R; r++) {
        float m = z[r][0];
        #pragma unroll
        for (int p = 1; p < P; p++) m = fmaxf(m, z[r][p]);
        #pragma unroll
        for (int o = 16; o; o >>= 1) m = fmaxf(m, __shfl_xor_sync(ALL_LANES, m, o));
        if (lane == 0) maxima[r][warp] = m;
    }
    __syncthreads();
    if (thread < R) {
        float m = maxima[thread][0];
        for (int w = 1; w < WARPS; w++) m = fmaxf(m, maxima[thread][w]);
        shift[thread] = m;
    }
    if (GRADIENT == OF_TARGETS) {
        for (int r = warp; r < R; r += WARPS) {
            float total = 0;
            for (int c = lane; c < C; c += 32) total += b[(size_t) r * C + c];
            #pragma unroll
            for (int o = 16; o; o >>= 1) total += __shfl_xor_sync(ALL_LANES, total, o);
            if (lane == 0) sum[r] = total;
        }
    }
    __syncthreads();
    float nextB[P], nextA[P];
    #pragma unroll
    for (int p = 0; p < P; p++) {
        const int c = p * T + thread;
        nextB[p] = GRADIENT != OF_LABEL && c < C ? b[c] : 0.f;
        nextA[p] = GRADIENT == OF_SIGMOID && c < C ? a[c] : 0.f;
    }
    #pragma unroll
    for (int t = 0; t < R; t++) {
        float e[P], inverse = 0;
        if (GRADIENT == OF_SIGMOID) {
            #pragma unroll
            for (int p = 0; p < P; p++) e[p] = __fdividef(1.f, 1.f + __expf(fminf(-z[t][p], 80.f)));
        } else {
            float s = 0, m = shift[t];
            #pragma unroll
            for (int p = 0; p < P; p++) {
                e[p] = __expf(z[t][p] - m);
                s += e[p];
            }
            #pragma unroll
            for (int o = 16; o; o >>= 1) s += __shfl_xor_sync(ALL_LANES, s, o);
            if (lane == 0) sums[t & 1][warp] = s;
            __syncthreads();
            const float4* parts = reinterpret_cast<const float4*>(sums[t & 1]);
            float even = 0, odd = 0;
            #pragma unroll
            for (int i = 0; i < (WARPS + 3) / 4; i++) {
                const float4 v = parts[i];
                even += v.x + v.y;
                odd += v.z + v.w;
            }
            s = even + odd;
            if (!(s > 1e-20f && s < 1e30f)) {  // the same for all threads
                float x = z[t][0];
                #pragma unroll
                for (int p = 1; p < P; p++) x = fmaxf(x, z[t][p]);
                for (int o = 16; o; o >>= 1) x = fmaxf(x, __shfl_xor_sync(ALL_LANES, x, o));
                if (lane == 0) again[warp] = x;
                __syncthreads();
                m = again[0];
                for (int w = 1; w < WARPS; w++) m = fmaxf(m, again[w]);
                s = 0;
                #pragma unroll
                for (int p = 0; p < P; p++) {
                    e[p] = __expf(z[t][p] - m);
                    s += e[p];
                }
                for (int o = 16; o; o >>= 1) s += __shfl_xor_sync(ALL_LANES, s, o);
                __syncthreads();
                if (lane == 0) again[warp] = s;
                __syncthreads();
                s = 0;
                for (int w = 0; w < WARPS; w++) s += again[w];
                __syncthreads();
            }
            inverse = __fdividef(1.f, s);
        }
        #pragma unroll
        for (int p = 0; p < P; p++) {
            const int c = p * T + thread;
            const float ofB = nextB[p], ofA = nextA[p];
            if (GRADIENT != OF_LABEL && t + 1 < R && c < C) nextB[p] = b[(size_t) (t + 1) * C + c];
            if (GRADIENT == OF_SIGMOID && t + 1 < R && c < C) nextA[p] = a[(size_t) (t + 1) * C + c];
            float g;
            if (GRADIENT == OF_LABEL) {
                g = e[p] * inverse - (c == label[t] ? 1.f : 0.f);
            } else if (GRADIENT == OF_TARGETS) {
                g = sum[t] * e[p] * inverse - ofB;
            } else {
                g = ofA * e[p] - ofB;
            }
            g *= -step[t];
            #pragma unroll
            for (int r = t + 1; r < R; r++) z[r][p] = fmaf(k[t][r], g, z[r][p]);
            if (c < C) {
                const int at = t * N + c;
                out[at] = g;
                logits[at] = z[t][p];
            }
        }
    }
}
