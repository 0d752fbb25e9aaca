// Predictions of a block's rows, their scores, and the fixed-share mixture of several learning rates.
//
// Row-major, for each model of a launch one after the other. N = rates * C; an expert is a learning rate or, after
// them, one of two baselines; numClasses is C, or 2 for a model with a single output.
//   Z           (rows, N)               each row's own logits
//   baselines   (rows, 2, C)            probabilities of the baselines; null without them
//   normalisers (rows, rates)           logarithm of the sum of exponentials of the logits; 0 for sigmoid
//   reported    (rows, experts)         logarithm of the likelihood of the label: minus the reported loss
//   trained     (rows, experts)         minus the loss that training minimises; the reported one if they are the same
//   weights     (rows, experts)         weight of each expert in the row's prediction
//   targets     (rows, C)               target of each output; null if targets are classes
//   slopes, offsets (rows, C)           a and b of the gradient a p - b; see linear.cu

constexpr int MAX_SWITCHING_RATES = 8;
constexpr double META_SWITCHING_RATE = 0.001;
constexpr float PRIOR = 0.1f;
constexpr float TRANSITIONS_FADING = 0.99f;
constexpr float FREQUENCIES_FADING = 0.999f;

// The sum over the threads of a CTA, whose number is a multiple of 32, for all of them.
//   parts (32)  shared; may be used again after the next barrier
__device__ inline float sumOfBlock(float value, float* parts) {
    value = sumOfLanes(value);
    __syncthreads();
    if ((threadIdx.x & 31) == 0) parts[threadIdx.x >> 5] = value;
    __syncthreads();
    float sum = 0;
    for (int w = 0; w < blockDim.x / 32; w++) sum += parts[w];
    return sum;
}

__device__ inline float sigmoid(float z) {
    const float e = expf(-fabsf(z));
    return (z >= 0 ? 1.f : e) / (1.f + e);
}

// ln(1 + exp(z)), without overflow.
__device__ inline float softplus(float z) {
    return fmaxf(z, 0.f) + log1pf(expf(-fabsf(z)));
}

// Target of an output whose targets are a class: one-hot, or the class itself for a single output.
__device__ inline float targetOf(int c, int label, int C) {
    return C == 1 ? (float) label : c == label ? 1.f : 0.f;
}

// Losses of each row under each learning rate. A warp a row and rate.
extern "C" __global__ void likelihoods(
        const float* Z, const int* labels, const float* targets, const float* slopes, const float* offsets,
        const float* labelWeights, float* normalisers, float* reported, float* trained,
        int numRates, int experts, int rows, int C, int isSigmoid, int isTrainedOnReported) {
    const int i = blockIdx.x * (blockDim.x >> 5) + (threadIdx.x >> 5), lane = threadIdx.x & 31;
    if (i >= rows * numRates) return;
    const int t = i / numRates, rate = i % numRates;
    const size_t row = (size_t) blockIdx.y * rows + t;
    const float* z = Z + (row * numRates + rate) * C;
    const float* y = targets == nullptr ? nullptr : targets + row * C;
    const float* b = offsets == nullptr ? nullptr : offsets + row * C;
    const int label = labels[row];
    float shift = 0, logSum = 0, loss = 0, training = 0;
    if (!isSigmoid) {
        shift = NEGATIVE_INFINITY;
        for (int c = lane; c < C; c += 32) shift = fmaxf(shift, z[c]);
        shift = maxOfLanes(shift);
        float sum = 0;
        for (int c = lane; c < C; c += 32) sum += expf(z[c] - shift);
        logSum = logf(sumOfLanes(sum));
    }
    if (label >= 0) {
        for (int c = lane; c < C; c += 32) {
            const float target = y == nullptr ? targetOf(c, label, C) : y[c];
            if (isSigmoid) {
                const float positive = softplus(-z[c]), negative = softplus(z[c]);
                loss += (target * positive + (1 - target) * negative) / C;
                const float a = slopes[row * C + c];
                training += b[c] * positive + (a - b[c]) * negative;
            } else {
                // The difference to the largest logit first: it is exact where it matters.
                const float logLoss = logSum + (shift - z[c]);
                if (target != 0) loss += target * logLoss;
                if (b != nullptr && b[c] != 0) training += b[c] * logLoss;
            }
        }
        loss = fmaxf(0.f, sumOfLanes(loss));
        training = b == nullptr ? labelWeights[row] * loss : sumOfLanes(training);
    }
    if (lane == 0) {
        normalisers[row * numRates + rate] = isSigmoid ? 0.f : shift + logSum;
        reported[row * experts + rate] = -loss;
        trained[row * experts + rate] = isTrainedOnReported ? -loss : -training;
    }
}

// Probabilities of the baselines before each row, whose mini-batch they then observe: io.freshet.model.mixture.Baselines.
// A CTA a model.
//   counts (slots, (C + 1) C + 1)  label transitions by last label, frequencies, then the newest label, or -1
extern "C" __global__ void baselinePredictions(
        float* counts, const int* labels, const int* ends, const int* numRows, const int* slots, const float* targets,
        const float* offsets, const float* labelWeights, float* baselines, float* reported, float* trained,
        int numRates, int rows, int C, int isTrainedOnReported) {
    __shared__ float parts[2][32];
    const int model = blockIdx.x, thread = threadIdx.x, count = numRows[model], experts = numRates + 2;
    float* state = counts + (size_t) slots[model] * ((size_t) (C + 1) * C + 1);
    float* frequencies = state + (size_t) C * C;
    float* newest = frequencies + C;
    const int* label = labels + (size_t) model * rows;
    const int* end = ends + (size_t) model * rows;
    int last = (int) *newest, t = 0;
    while (t < count) {
        const int batchEnd = end[t], next = batchEnd > t ? batchEnd : t + 1;
        float* transitions = state + (size_t) max(last, 0) * C;
        float ofTransitions = 0, ofFrequencies = 0;
        for (int c = thread; c < C; c += blockDim.x) {
            ofTransitions += transitions[c];
            ofFrequencies += frequencies[c];
        }
        ofTransitions = sumOfBlock(ofTransitions, parts[0]);
        ofFrequencies = sumOfBlock(ofFrequencies, parts[1]);
        for (int r = t; r < next; r++) {
            float* out = baselines + ((size_t) model * rows + r) * 2 * C;
            for (int c = thread; c < C; c += blockDim.x) {
                out[c] = last < 0 ? 1.f / C : (transitions[c] + PRIOR) / (ofTransitions + PRIOR * C);
                out[C + c] = (frequencies[c] + PRIOR) / (ofFrequencies + PRIOR * C);
            }
        }
        // A thread reads and writes the counts of its own classes.
        for (int r = t; r < batchEnd; r++) {
            const int y = label[r];
            for (int c = thread; c < C; c += blockDim.x) {
                if (last >= 0) state[(size_t) last * C + c] = TRANSITIONS_FADING * state[(size_t) last * C + c] + (c == y);
                frequencies[c] = FREQUENCIES_FADING * frequencies[c] + (c == y);
            }
            last = y;
        }
        t = next;
    }
    __syncthreads();
    if (thread == 0) *newest = (float) last;
    // The losses, a warp a row and baseline.
    for (int i = thread >> 5; i < count * 2; i += blockDim.x >> 5) {
        const int lane = thread & 31, k = i & 1;
        const size_t row = (size_t) model * rows + (i >> 1);
        const int y = labels[row];
        if (y < 0) continue;
        const float* p = baselines + (row * 2 + k) * C;
        float loss = 0, training = 0;
        if (targets == nullptr && offsets == nullptr) {
            loss = lane == 0 ? -logf(p[y]) : 0.f;
        } else {
            for (int c = lane; c < C; c += 32) {
                const float target = targets == nullptr ? targetOf(c, y, C) : targets[row * C + c], logLoss = -logf(p[c]);
                if (target != 0) loss += target * logLoss;
                if (offsets != nullptr) training += offsets[row * C + c] * logLoss;
            }
        }
        loss = fmaxf(0.f, sumOfLanes(loss));
        training = offsets == nullptr ? labelWeights[row] * loss : sumOfLanes(training);
        if (lane == 0) {
            reported[row * experts + numRates + k] = -loss;
            trained[row * experts + numRates + k] = isTrainedOnReported ? -loss : -training;
        }
    }
}

// Likelihoods of each row under the experts, relative to the largest one and to the power of the row's weight. A thread a
// row.
//   trained    (rows, experts)   logarithms of the likelihoods
//   exponents  (rows)            weight of each row
//   labels     (rows)            -1 for a row that is not to be learnt from
//   relatives  (rows, experts)   out: less than 0 for such a row
extern "C" __global__ void relativeLikelihoods(
        const float* trained, const float* exponents, const int* labels, double* relatives, int experts, int rows) {
    const int t = blockIdx.x * blockDim.x + threadIdx.x;
    if (t >= rows) return;
    const size_t row = (size_t) blockIdx.y * rows + t;
    const float* logs = trained + row * experts;
    if (labels[row] < 0) {
        for (int e = 0; e < experts; e++) relatives[row * experts + e] = -1;
        return;
    }
    float largest = logs[0];
    for (int e = 1; e < experts; e++) largest = fmaxf(largest, logs[e]);
    for (int e = 0; e < experts; e++) {
        relatives[row * experts + e] =
                logs[e] == NEGATIVE_INFINITY ? 0 : exp(exponents[row] * ((double) logs[e] - largest));
    }
}

// Weights of the experts before each mini-batch, by a fixed-share mixture: io.freshet.model.mixture.MixtureWeights. A
// warp a model; E is a power of two, at least the number of experts. A lane has one expert and every (32 / E)-th of the
// switching rates, of which there are at most 8.
//   relatives      (rows, experts)                           see relativeLikelihoods
//   switchingRates (numSwitchingRates)
//   states         (slots, numSwitchingRates (experts + 1))  weights by switching rate, then those of these rates
template <int E>
__global__ void mixtureWeights(
        double* states, const double* relatives, const int* ends, const int* numRows, const int* slots,
        const double* switchingRates, float* weights, int numSwitchingRates, int experts, int rows) {
    constexpr int GROUPS = 32 / E, OF_LANE = (MAX_SWITCHING_RATES + GROUPS - 1) / GROUPS;
    const int model = blockIdx.x, e = threadIdx.x % E, group = threadIdx.x / E, S = numSwitchingRates;
    const int count = numRows[model];
    const bool isExpert = e < experts;
    double* state = states + (size_t) slots[model] * S * (experts + 1);
    const double* relative = relatives + (size_t) model * rows * experts + e;
    const int* end = ends + (size_t) model * rows;
    float* out = weights + (size_t) model * rows * experts + e;
    double v[OF_LANE], rateWeights[OF_LANE], kept[OF_LANE], least[OF_LANE], weight = 0;
    #pragma unroll
    for (int i = 0; i < OF_LANE; i++) {
        const int s = group + i * GROUPS;
        const double share = s < S ? switchingRates[s] : 0;
        v[i] = s < S && isExpert ? state[s * experts + e] : 0;
        rateWeights[i] = s < S ? state[S * experts + s] : 0;
        kept[i] = 1 - share;
        least[i] = isExpert ? fmax(share / experts, 1e-300) : 0;
        weight += rateWeights[i] * v[i];
    }
    #pragma unroll
    for (int o = E; o < 32; o *= 2) weight += __shfl_xor_sync(ALL_LANES, weight, o);
    int t = 0;
    while (t < count) {
        const int batchEnd = end[t], next = batchEnd > t ? batchEnd : t + 1;
        for (int r = t; r < next; r++) {
            if (isExpert && group == 0) out[(size_t) r * experts] = (float) weight;
        }
        for (int r = t; r < batchEnd; r++) {
            const double likelihood = isExpert ? relative[(size_t) r * experts] : 0;
            if (__any_sync(ALL_LANES, likelihood < 0)) continue;
            double sums[OF_LANE], total = 0;
            #pragma unroll
            for (int i = 0; i < OF_LANE; i++) sums[i] = v[i] *= likelihood;
            #pragma unroll
            for (int o = 1; o < E; o *= 2) {
                #pragma unroll
                for (int i = 0; i < OF_LANE; i++) sums[i] += __shfl_xor_sync(ALL_LANES, sums[i], o);
            }
            #pragma unroll
            for (int i = 0; i < OF_LANE; i++) total += rateWeights[i] * sums[i];
            #pragma unroll
            for (int o = E; o < 32; o *= 2) total += __shfl_xor_sync(ALL_LANES, total, o);
            const double rateFactor = (1 - META_SWITCHING_RATE) / total;
            weight = 0;
            #pragma unroll
            for (int i = 0; i < OF_LANE; i++) {
                if (group + i * GROUPS < S) {
                    rateWeights[i] = rateFactor * (rateWeights[i] * sums[i]) + META_SWITCHING_RATE / S;
                    v[i] = kept[i] / sums[i] * v[i] + least[i];
                    weight += rateWeights[i] * v[i];
                }
            }
            #pragma unroll
            for (int o = E; o < 32; o *= 2) weight += __shfl_xor_sync(ALL_LANES, weight, o);
        }
        t = next;
    }
    #pragma unroll
    for (int i = 0; i < OF_LANE; i++) {
        const int s = group + i * GROUPS;
        if (s < S && isExpert) state[s * experts + e] = v[i];
        if (s < S && e == 0) state[S * experts + s] = rateWeights[i];
    }
}

// Prediction and scores of each row. A warp a row.
//   weights       null for a single learning rate
//   probabilities (rows, numClasses)  out: the prediction
//   scores        (rows, 4)           out: reported loss, training loss, confidence, Brier score
//   ranks         (rows, 2)           out: predicted class, rank of the label
extern "C" __global__ void answers(
        const float* Z, const float* baselines, const float* normalisers, const float* reported, const float* trained,
        const float* weights, const int* labels, const int* numRows, const float* targets, const float* offsets,
        const float* labelWeights, float* probabilities, float* scores, int* ranks,
        int numRates, int experts, int rows, int C, int isSigmoid) {
    const int t = blockIdx.x * (blockDim.x >> 5) + (threadIdx.x >> 5), lane = threadIdx.x & 31, model = blockIdx.y;
    if (t >= rows || t >= numRows[model]) return;
    const size_t row = (size_t) model * rows + t;
    const int label = labels[row], numClasses = C == 1 ? 2 : C;
    const float* z = Z + row * numRates * C;
    const float* normaliser = normalisers + row * numRates;
    const float* w = weights == nullptr ? nullptr : weights + row * experts;
    const float* y = targets == nullptr ? nullptr : targets + row * C;
    float* p = probabilities + row * numClasses;
    float inverse = 1, training = 0;
    if (w != nullptr) {
        float sum = 0;
        for (int e = 0; e < experts; e++) sum += w[e];
        inverse = 1 / sum;
    }
    float best = NEGATIVE_INFINITY, brier = 0;
    // Where all are not a number, class 0 is predicted.
    int bestClass = lane;
    for (int c = lane; c < numClasses; c += 32) {
        float probability = 0;
        if (C == 1) {
            probability = c == 1 ? sigmoid(z[0]) : sigmoid(-z[0]);
        } else if (w == nullptr) {
            probability = isSigmoid ? sigmoid(z[c]) : expf(z[c] - normaliser[0]);
        } else {
            for (int e = 0; e < numRates; e++) probability = fmaf(w[e], expf(z[e * C + c] - normaliser[e]), probability);
            for (int e = numRates; e < experts; e++) {
                probability = fmaf(w[e], baselines[(row * 2 + e - numRates) * C + c], probability);
            }
            probability *= inverse;
        }
        p[c] = probability;
        // Logits tell apart classes whose probabilities round to the same number.
        keepLarger(best, bestClass, w == nullptr && C > 1 ? z[c] : probability, c);
        if (label >= 0) {
            const float target = y == nullptr ? targetOf(c, label, numClasses)
                    : C == 1 ? (c == 0 ? 1 - y[0] : y[0]) : y[c];
            brier += (probability - target) * (probability - target);
            if (w != nullptr && offsets != nullptr && offsets[row * C + c] != 0) {
                float shift = NEGATIVE_INFINITY, sum = 0;
                for (int e = 0; e < experts; e++) {
                    const float log = logf(w[e]) + (e < numRates ? z[e * C + c] - normaliser[e]
                                                                 : logf(baselines[(row * 2 + e - numRates) * C + c]));
                    const float larger = fmaxf(shift, log);
                    sum = sum * expf(shift - larger) + expf(log - larger);
                    shift = larger;
                }
                training -= offsets[row * C + c] * (shift + logf(sum * inverse));
            }
        }
    }
    #pragma unroll
    for (int o = 16; o; o >>= 1) {
        const float otherValue = __shfl_xor_sync(ALL_LANES, best, o);
        const int otherClass = __shfl_xor_sync(ALL_LANES, bestClass, o);
        keepLarger(best, bestClass, otherValue, otherClass);
    }
    __syncwarp();
    float loss = 0;
    int rank = 0;
    if (label >= 0) {
        brier = sumOfLanes(brier);
        training = sumOfLanes(training);
        const bool byLogits = w == nullptr && C > 1;
        const float ofLabel = byLogits ? z[label] : p[label];
        for (int c = lane; c < numClasses; c += 32) {
            const float value = byLogits ? z[c] : p[c];
            rank += c != label && (value > ofLabel || (value == ofLabel && c < label));
        }
        #pragma unroll
        for (int o = 16; o; o >>= 1) rank += __shfl_xor_sync(ALL_LANES, rank, o);
        if (w == nullptr) {
            loss = -reported[row];
            training = -trained[row];
        } else {
            float shift = NEGATIVE_INFINITY;
            for (int e = 0; e < experts; e++) shift = fmaxf(shift, reported[row * experts + e]);
            float sum = 0;
            for (int e = 0; e < experts; e++) sum = fmaf(w[e], expf(reported[row * experts + e] - shift), sum);
            loss = fmaxf(0.f, -(shift + logf(sum)));
            if (offsets == nullptr) training = labelWeights[row] * loss;
        }
    }
    if (lane == 0) {
        scores[row * 4] = loss;
        scores[row * 4 + 1] = training;
        scores[row * 4 + 2] = p[bestClass];
        scores[row * 4 + 3] = brier;
        ranks[row * 2] = bestClass;
        ranks[row * 2 + 1] = rank;
    }
}
