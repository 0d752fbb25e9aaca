// Combination of an ensemble's experts to one answer, for a block of rows: io.freshet.ensemble.Combination and
// io.freshet.model.ensemble.ExpertStack. The weights of the two mixtures are those of scores.cu.
//
// Arrays are as in experts.cu; and
//   combined (rows, 3, C)  logarithms of the probabilities of the mixture, the stack and the correction, in double

constexpr int ANSWERS = 3;
constexpr double MIN_LOG = -9;
constexpr double MIN_BASE = -12;
constexpr double MIN_PROBABILITY = 1e-300;
constexpr double SMALLEST_NORMAL = 2.2250738585072014e-308;
constexpr double LARGEST_DOUBLE = 1.7976931348623157e308;

// Logarithms of the likelihoods of each row under K predictions: of what is learnt, and of what is reported. A thread a
// row and prediction.
//   logs            (rows, K, C)
//   labels          (rows)       class that is reported; -1 for none
//   reportedTargets (rows, C)    probabilities that are reported; null where they are 1 for the class
//   trained         (rows, K)    out
//   reported        (rows, all)  out: K values from first on, at least the logarithm of the smallest normal double
template <class T>
__global__ void likelihoodsOf(
        const T* logs, const int* classes, const float* targets, const int* labels, const float* reportedTargets,
        const int* counts, float* trained, float* reported, int K, int all, int first, int rows, int C) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x, t = i / K, k = i % K, model = blockIdx.y;
    if (t >= counts[model]) return;
    const size_t row = (size_t) model * rows + t;
    const T* log = logs + (row * K + k) * C;
    const int label = labels[row], learnt = classes[row];
    if (learnt >= 0) {
        double sum = 0;
        if (targets == nullptr) {
            sum = log[learnt];
        } else {
            for (int c = 0; c < C; c++) {
                const float target = targets[row * C + c];
                if (target != 0) sum += (double) target * log[c];
            }
        }
        trained[row * K + k] = (float) sum;
    }
    if (label >= 0) {
        double sum = 0;
        if (reportedTargets == nullptr) {
            sum = log[label];
        } else {
            for (int c = 0; c < C; c++) {
                const float target = reportedTargets[row * C + c];
                if (target != 0) sum += (double) target * log[c];
            }
        }
        reported[row * all + first + k] = (float) fmax(sum, -708.3964185322641);
    }
}

// The mixture of the experts. A thread a row and class.
//   weights (rows, E)  weights of the experts before each row
extern "C" __global__ void mixExperts(
        const float* logs, const float* weights, const int* counts, double* combined, int experts, int rows, int C) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x, t = i / C, c = i % C, model = blockIdx.y;
    if (t >= counts[model]) return;
    const size_t row = (size_t) model * rows + t;
    double probability = 0;
    for (int e = 0; e < experts; e++) {
        probability += (double) weights[row * experts + e] * exp((double) logs[(row * experts + e) * C + c]);
    }
    combined[row * ANSWERS * C + c] = log(fmax(probability, MIN_PROBABILITY));
}

// Predictions and learning of the two stacks: io.freshet.model.ensemble.ExpertStack. A warp a stack and model; a lane has
// an expert's row of P, and the logit of a class; E and C at most 32. A stack whose weights or logits are not finite
// begins anew.
//   states (slots, 2 (E + E E) + 1)  doubles: weights, then P, of the stack, then of the correction; then the number of
//                                    restarts, a 64-bit integer
template <int E, int C>
__global__ void __launch_bounds__(32) stacks(
        const float* logs, double* combined, double* states, const int* classes, const float* weights,
        const float* targets, const int* ends, const int* counts, const int* slots, int rows) {
    constexpr int STRIDE = C | 1, AHEAD = (E * C + 31) / 32;
    __shared__ float bounded[2][E * STRIDE];
    __shared__ double q[32], mean[32], gradient[32], gain[32];
    const int which = blockIdx.x, model = blockIdx.y, lane = threadIdx.x, count = counts[model];
    const bool isExpert = lane < E, isClass = lane < C;
    const double retention = which == 0 ? 1 - 1e-4 : 1, kept = retention * retention, initial = which == 0 ? 1.0 / E : 0;
    double* all = states + (size_t) slots[model] * (2 * (E + E * E) + 1);
    double* state = all + which * (E + E * E);
    const size_t firstRow = (size_t) model * rows;
    const float* log = logs + firstRow * E * C;
    const int* label = classes + firstRow;
    const int* end = ends + firstRow;
    const float* weight = weights + firstRow;
    const float* target = targets == nullptr ? nullptr : targets + firstRow * C;
    double* answers = combined + firstRow * ANSWERS * C;
    double P[E], w[E];
    #pragma unroll
    for (int e = 0; e < E; e++) {
        w[e] = state[e];
        P[e] = isExpert ? state[E + lane * E + e] : 0;
    }

    auto reset = [&]() {
        #pragma unroll
        for (int e = 0; e < E; e++) {
            w[e] = initial;
            P[e] = e == lane ? 0.1 : 0;
        }
        if (lane == 0) atomicAdd(reinterpret_cast<unsigned long long*>(all + 2 * (E + E * E)), 1ull);
    };
    auto baseOf = [&](int r) {
        return which == 1 && isClass ? fmax(answers[(size_t) r * ANSWERS * C + lane], MIN_BASE) : 0.0;
    };
    auto load = [&](int r, float* L) {
        for (int k = lane; k < E * C; k += 32) L[k / C * STRIDE + k % C] = fmaxf(log[(size_t) r * E * C + k], (float) MIN_LOG);
        __syncwarp();
    };
    // The probability of the lane's class.
    auto predict = [&](int r, const float* L, double base) {
        double z = NEGATIVE_INFINITY;
        if (isClass) {
            double even = base, odd = 0;
            #pragma unroll
            for (int e = 0; e < E; e++) {
                if (e & 1) odd = fma(w[e], (double) L[e * STRIDE + lane], odd);
                else even = fma(w[e], (double) L[e * STRIDE + lane], even);
            }
            z = even + odd;
        }
        double largest = z;
        #pragma unroll
        for (int o = 16; o; o >>= 1) largest = fmax(largest, __shfl_xor_sync(ALL_LANES, largest, o));
        const double power = isClass ? exp(z - largest) : 0;
        const double sum = sumOfLanes(power);
        double probability = power / sum, logarithm = z - largest - ::log(sum);
        if (!(sum >= 1 && fabs(largest) <= LARGEST_DOUBLE)) {  // the same for all lanes
            reset();
            probability = isClass ? 1.0 / C : 0;
            logarithm = -::log((double) C);
        }
        if (isClass) answers[((size_t) r * ANSWERS + 1 + which) * C + lane] = fmax(logarithm, -LARGEST_DOUBLE);
        return probability;
    };
    auto learn = [&](int r, const float* L, double probability) {
        const int y = label[r];
        const double factor = fmin((double) weight[r], 10.0);
        const float* soft = target == nullptr ? nullptr : target + (size_t) r * C;
        if (isClass) q[lane] = probability;
        __syncwarp();
        if (isExpert) {
            double m = 0;
            #pragma unroll 4
            for (int c = 0; c < C; c++) m = fma(q[c], (double) L[lane * STRIDE + c], m);
            double g = m;
            if (soft == nullptr) {
                g -= L[lane * STRIDE + y];
            } else {
                for (int c = 0; c < C; c++) g -= (double) soft[c] * L[lane * STRIDE + c];
            }
            mean[lane] = m;
            gradient[lane] = g;
        }
        __syncwarp();
        if (retention < 1) {
            #pragma unroll
            for (int e = 0; e < E; e++) {
                P[e] = kept * P[e] + (e == lane ? (1 - kept) * 0.1 : 0);
                w[e] = initial + retention * (w[e] - initial);
            }
        }
        #pragma unroll 1
        for (int c = 0; c < C; c++) {
            const double t = soft != nullptr ? (double) soft[c] : c == y ? 1 : 0;
            const double information = factor * ((q[c] > 0.01 ? q[c] / 2 : 0) + t / 4);
            if (!(information > 0)) continue;
            double even = 0, odd = 0;
            #pragma unroll
            for (int e = 0; e < E; e++) {
                const double u = L[e * STRIDE + c] - mean[e];
                if (e & 1) odd = fma(P[e], u, odd);
                else even = fma(P[e], u, even);
            }
            if (isExpert) gain[lane] = even + odd;
            __syncwarp();
            double evenVariance = 0, oddVariance = 0;
            #pragma unroll
            for (int e = 0; e < E; e++) {
                const double u = L[e * STRIDE + c] - mean[e];
                if (e & 1) oddVariance = fma(gain[e], u, oddVariance);
                else evenVariance = fma(gain[e], u, evenVariance);
            }
            const double scaled = information / (1 + information * (evenVariance + oddVariance)) * (even + odd);
            #pragma unroll
            for (int e = 0; e < E; e++) P[e] = fma(-scaled, gain[e], P[e]);
            __syncwarp();
        }
        double even = 0, odd = 0;
        #pragma unroll
        for (int e = 0; e < E; e++) {
            if (e & 1) odd = fma(P[e], gradient[e], odd);
            else even = fma(P[e], gradient[e], even);
        }
        if (isExpert) gain[lane] = even + odd;
        __syncwarp();
        bool isFinite = true;
        #pragma unroll
        for (int e = 0; e < E; e++) {
            w[e] = fma(-factor, gain[e], w[e]);
            isFinite &= fabs(w[e]) <= LARGEST_DOUBLE;
        }
        if (!isFinite) reset();  // the same for all lanes
        __syncwarp();
    };

    if (count > 0) load(0, bounded[0]);
    double base = count > 0 ? baseOf(0) : 0;
    int t = 0, parity = 0;
    while (t < count) {
        const int batchEnd = end[t], next = max(batchEnd, t + 1);
        if (next == t + 1) {
            const float* L = bounded[parity];
            float ahead[AHEAD];
            double nextBase = 0;
            if (next < count) {
                #pragma unroll
                for (int i = 0; i < AHEAD; i++) {
                    const int k = i * 32 + lane;
                    ahead[i] = k < E * C ? log[(size_t) next * E * C + k] : 0.f;
                }
                nextBase = baseOf(next);
            }
            const double probability = predict(t, L, base);
            if (label[t] >= 0) learn(t, L, probability);
            if (next < count) {
                float* to = bounded[parity ^ 1];
                #pragma unroll
                for (int i = 0; i < AHEAD; i++) {
                    const int k = i * 32 + lane;
                    if (k < E * C) to[k / C * STRIDE + k % C] = fmaxf(ahead[i], (float) MIN_LOG);
                }
                base = nextBase;
            }
            __syncwarp();
            parity ^= 1;
        } else {
            float* L = bounded[parity];
            for (int r = t; r < next; r++) {
                load(r, L);
                predict(r, L, baseOf(r));
                __syncwarp();
            }
            for (int r = t; r < next; r++) {
                if (label[r] < 0) continue;
                load(r, L);
                learn(r, L, isClass ? exp(answers[((size_t) r * ANSWERS + 1 + which) * C + lane]) : 0);
            }
            if (next < count) {
                load(next, L);
                base = baseOf(next);
            }
        }
        t = next;
    }
    #pragma unroll
    for (int e = 0; e < E; e++) {
        if (isExpert) state[E + lane * E + e] = P[e];
        if (lane == 0) state[e] = w[e];
    }
}

// The answer for each row, and its scores, as answers of scores.cu writes them. A warp a row.
//   weights       (rows, 3)  weights of the mixture, the stack and the correction before each row
//   offsets       (rows, C)  weighted target of each class in training; null where it is labelWeights for the class
//   probabilities (rows, C)  out
//   scores        (rows, 4)  out: reported loss, training loss, confidence, Brier score
//   ranks         (rows, 2)  out: predicted class, rank of the label
extern "C" __global__ void ensembleAnswers(
        const double* combined, const float* weights, const int* labels, const int* counts,
        const float* reportedTargets, const float* offsets, const float* labelWeights, float* probabilities,
        float* scores, int* ranks, int rows, int C) {
    const int t = blockIdx.x * (blockDim.x >> 5) + (threadIdx.x >> 5), lane = threadIdx.x & 31, model = blockIdx.y;
    if (t >= rows || t >= counts[model]) return;
    const size_t row = (size_t) model * rows + t;
    const int label = labels[row];
    const double* from = combined + row * ANSWERS * C;
    const float* w = weights + row * ANSWERS;
    auto answerOf = [&](int c) {
        double answer = 0;
        #pragma unroll
        for (int k = 0; k < ANSWERS; k++) answer += (double) w[k] * exp(from[k * C + c]);
        return answer;
    };
    double best = NEGATIVE_INFINITY, brier = 0, training = 0, loss = 0;
    const double ofLabel = label >= 0 ? answerOf(label) : 0;
    int bestClass = lane, rank = 0;
    for (int c = lane; c < C; c += 32) {
        const double answer = answerOf(c);
        probabilities[row * C + c] = (float) answer;
        keepLarger(best, bestClass, answer, c);
        if (label < 0) continue;
        const double target = reportedTargets != nullptr ? (double) reportedTargets[row * C + c] : c == label ? 1 : 0;
        const double logLoss = -log(fmax(answer, SMALLEST_NORMAL));
        brier += (answer - target) * (answer - target);
        if (target != 0) loss += target * logLoss;
        if (offsets != nullptr) training += (double) offsets[row * C + c] * logLoss;
        rank += c != label && (answer > ofLabel || (answer == ofLabel && c < label));
    }
    #pragma unroll
    for (int o = 16; o; o >>= 1) {
        const double other = __shfl_xor_sync(ALL_LANES, best, o);
        const int otherClass = __shfl_xor_sync(ALL_LANES, bestClass, o);
        keepLarger(best, bestClass, other, otherClass);
        rank += __shfl_xor_sync(ALL_LANES, rank, o);
    }
    brier = sumOfLanes(brier);
    loss = fmax(0.0, sumOfLanes(loss));
    training = offsets != nullptr ? sumOfLanes(training) : label >= 0 ? labelWeights[row] * loss : 0;
    if (lane == 0) {
        scores[row * 4] = (float) loss;
        scores[row * 4 + 1] = (float) training;
        scores[row * 4 + 2] = (float) best;
        scores[row * 4 + 3] = (float) brier;
        ranks[row * 2] = bestClass;
        ranks[row * 2 + 1] = rank;
    }
}
