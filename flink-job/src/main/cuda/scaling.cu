// Scales the features of a block, and keeps their moments: io.freshet.model.scale.FeatureMoments, a thread a feature.
//
// A thread walks the block's rows in order, in double. It observes each mini-batch, then scales its rows by the moments
// after it; a row without a label is scaled by the moments so far. Columns beyond the features are the constant 1 of
// the bias, then zeros; rows beyond the count are zeros.
//
//   raw      (models, rows, features)        features as they came; NaN for a missing value
//   scaled   (models, rows, width)           out
//   ends     (models, rows)                  index after the last row of the row's mini-batch; -1 without a label
//   counts   (models)                        number of rows
//   slots    (models)                        index of each model's state
//   states   (slots, 12 features + 2)        see ScalerField, (features) each; then whether a value has been missing,
//                                            and the sum of the weights of all examples
//   before   (models, 12 features + 2)       the same before the block
//   clipped  (models, features)              out: number of clipped values; null where outliers are not clipped

enum ScalerField {
    MEAN, SQUARES, WEIGHT, ENVELOPE, RUN, CLIPPED, SEEN, FARTHEST, FARTHEST_WEIGHT, REST_WEIGHT, REST_MEAN, REST_SQUARES
};

constexpr int SCALER_FIELDS = 12;
constexpr int FIRST_VALUES = 256;
constexpr int PATIENCE = 32;
constexpr double ENVELOPE_EXTENSION = 0.75;
constexpr double ENVELOPE_FACTOR = 10;
constexpr double FIRST_ALLOWANCE = 16;
constexpr double LARGEST_DOUBLE = 1.7976931348623157e308;

// The moments of one feature. While the first values are observed, weight, mean and squares are those of all values
// but the farthest.
struct Moments {
    double weight, mean, squares, envelope, run, clipped, seen, farthest, farthestWeight;
    double totalWeight, totalMean, totalSquares;
    double loss, clip;
    bool isFirst, acceptsMissing, hasMissed;

    __device__ double usualDistance() const {
        if (squares == 0) return 0;
        const double usual = clip * sqrt(squares / weight);
        return isFirst ? usual * (1 + FIRST_ALLOWANCE / weight) : usual;
    }

    __device__ double acceptOrClip(double value) {
        const double difference = value - mean, distance = fabs(difference);
        // Without a root and a division, which most values do not need.
        if (!isFirst && distance * distance * weight <= clip * clip * squares) {
            run = fmax(0.0, run - 1);
            return value;
        }
        const double usual = usualDistance();
        if (distance <= usual) {
            run = fmax(0.0, run - 1);
            return value;
        }
        if (!(distance <= LARGEST_DOUBLE)) return value;
        if (squares > 0 && distance > envelope) {
            run = fmin(2.0 * PATIENCE, run + 1);
            if (run <= PATIENCE) {
                clipped += 1;
                return mean + copysign(fmax(usual, envelope), difference);
            }
        } else {
            run = fmax(0.0, run - 1);
        }
        if (distance > ENVELOPE_EXTENSION * envelope) envelope = fmin(ENVELOPE_FACTOR, sqrt(weight)) * distance;
        return value;
    }

    __device__ void add(double value, double valueWeight) {
        const double accepted = clip == 0 ? value : acceptOrClip(value), difference = accepted - mean;
        weight += valueWeight;
        double newMean = mean + valueWeight * difference / weight;
        if (loss > 0 && newMean == mean) newMean = accepted;
        squares += valueWeight * difference * (accepted - newMean);
        mean = newMean;
    }

    __device__ void setAside(double value) {
        farthest = value;
        farthestWeight = 1;
    }

    __device__ static bool isFarthestFromMedian(double candidate, double second, double third) {
        const double median = fmax(fmin(candidate, second), fmin(fmax(candidate, second), third));
        return fabs(candidate - median) > fmax(fabs(second - median), fabs(third - median));
    }

    __device__ void observeFirst(double value) {
        farthestWeight -= loss * farthestWeight;
        if (seen < 2) {
            weight = seen == 0 ? 0 : farthestWeight;
            mean = farthest;
            setAside(value);
        } else {
            if (seen == 2 && isFarthestFromMedian(mean, farthest, value)) {
                const double onlyValue = mean, onlyWeight = weight;
                mean = farthest;
                weight = farthestWeight;
                farthest = onlyValue;
                farthestWeight = onlyWeight;
            }
            if (fabs(value - mean) > fabs(farthest - mean)) {
                add(farthest, farthestWeight);
                setAside(value);
            } else {
                add(value, 1);
            }
        }
        seen += 1;
        if (seen == FIRST_VALUES) {
            add(farthest, farthestWeight);
            isFirst = false;
        }
    }

    __device__ void observe(double value) {
        weight -= loss * weight;
        squares -= loss * squares;
        envelope -= loss / 2 * envelope;
        if (acceptsMissing && isnan(value)) {
            hasMissed = true;
            farthestWeight -= loss * farthestWeight;
        } else if (isFirst) {
            observeFirst(value);
        } else {
            add(value, 1);
        }
    }

    __device__ static double inverseDeviation(double squares, double weight) {
        return squares == 0 ? 0 : fmin(sqrt(weight / squares), LARGEST_DOUBLE);
    }

    // The largest magnitude of a scaled value.
    __device__ double limit(double ofWeight, double ofEnvelope, double inverse) const {
        const double root = sqrt(ofWeight);
        return clip > 0 ? fmin(root, fmax(clip, ofEnvelope * inverse)) : loss == 0 ? LARGEST_DOUBLE : root;
    }

    __device__ float scaled(double value, double ofMean, double inverse, double limit) const {
        if (acceptsMissing && isnan(value)) return 0;
        return (float) fmax(-limit, fmin(limit, (value - ofMean) * inverse));
    }

    // Observes and scales up to CHUNK rows, as far as each is a mini-batch by itself and has a usual value, and returns
    // their number. Only what depends on the values before is done one row after the other: divisions and roots of
    // several rows run beside each other.
    template <int CHUNK>
    __device__ int scaleUsual(const float* in, int stride, const int* ends, int first, float* out, int width) {
        double value[CHUNK], weights[CHUNK], inverseWeights[CHUNK], means[CHUNK], allSquares[CHUNK], envelopes[CHUNK];
        double faded = weight;
        #pragma unroll
        for (int i = 0; i < CHUNK; i++) {
            value[i] = in[(size_t) i * stride];
            faded -= loss * faded;
            weights[i] = faded + 1;
            inverseWeights[i] = 1 / weights[i];
            faded = weights[i];
        }
        int count = 0;
        #pragma unroll
        for (int i = 0; i < CHUNK; i++) {
            if (count == i && ends[i] == first + i + 1) {
                const double fadedSquares = squares - loss * squares, difference = value[i] - mean;
                // Not a number is not usual.
                const bool isUsual = clip == 0 ? !isnan(value[i])
                        : difference * difference * (weights[i] - 1) <= clip * clip * fadedSquares;
                if (isUsual) {
                    double newMean = fma(difference, inverseWeights[i], mean);
                    if (loss > 0 && newMean == mean) newMean = value[i];
                    squares = fma(difference, value[i] - newMean, fadedSquares);
                    mean = newMean;
                    envelope -= loss / 2 * envelope;
                    run = fmax(0.0, run - 1);
                    weight = weights[i];
                    means[i] = mean;
                    allSquares[i] = squares;
                    envelopes[i] = envelope;
                    count = i + 1;
                }
            }
        }
        #pragma unroll
        for (int i = 0; i < CHUNK; i++) {
            if (i < count) {
                const double inverse = inverseDeviation(allSquares[i], weights[i]);
                out[(size_t) i * width] = scaled(value[i], means[i], inverse, limit(weights[i], envelopes[i], inverse));
            }
        }
        return count;
    }

    __device__ void computeTotal() {
        totalWeight = weight;
        totalMean = mean;
        totalSquares = squares;
        if (isFirst && seen > 0) {
            double difference = farthest - mean;
            const double distance = fabs(difference), accepted = fmax(usualDistance(), envelope);
            if (squares > 0 && distance > accepted && distance <= LARGEST_DOUBLE) {
                difference = copysign(accepted, difference);
            }
            totalWeight = weight + farthestWeight;
            totalMean = mean + difference * farthestWeight / totalWeight;
            totalSquares = squares + difference * difference * weight * farthestWeight / totalWeight;
        }
    }
};

constexpr int CHUNK = 8;

// A scaler's rule: loss is the fraction of its weight that an example loses at each later one, 0 for none; clip the
// number of standard deviations at which outliers are clipped, 0 for none.
extern "C" __global__ void scaleFeatures(
        const float* raw, float* scaled, const int* ends, const int* counts, const int* slots, double* states,
        const double* before, double* clipped, int rows, int features, int width, double loss, double clip, int acceptsMissing) {
    const int f = blockIdx.x * blockDim.x + threadIdx.x, model = blockIdx.y, count = counts[model];
    if (f >= width) return;
    float* out = scaled + (size_t) model * rows * width + f;
    if (f >= features) {
        for (int t = 0; t < rows; t++) out[(size_t) t * width] = t < count && f == features ? 1.f : 0.f;
        return;
    }
    const float* in = raw + (size_t) model * rows * features + f;
    const int* end = ends + model * rows;
    const int size = SCALER_FIELDS * features + 2;
    double* state = states + (size_t) slots[model] * size;
    const double* all = before + (size_t) model * size + SCALER_FIELDS * features;
    double sumOfWeights = all[1];
    Moments of;
    of.loss = loss;
    of.clip = clip;
    of.acceptsMissing = acceptsMissing;
    of.hasMissed = false;
    of.envelope = state[ENVELOPE * features + f];
    of.run = state[RUN * features + f];
    of.clipped = state[CLIPPED * features + f];
    of.seen = state[SEEN * features + f];
    of.farthest = state[FARTHEST * features + f];
    of.farthestWeight = state[FARTHEST_WEIGHT * features + f];
    of.isFirst = clip > 0 && of.seen < FIRST_VALUES;
    // Without missing values each feature has the weight of all examples.
    of.weight = of.isFirst ? state[REST_WEIGHT * features + f] : all[0] != 0 ? state[WEIGHT * features + f] : sumOfWeights;
    of.mean = state[(of.isFirst ? REST_MEAN : MEAN) * features + f];
    of.squares = state[(of.isFirst ? REST_SQUARES : SQUARES) * features + f];
    of.computeTotal();
    int t = 0;
    while (t < count) {
        if (!of.isFirst && t + CHUNK <= count) {
            const int n = of.scaleUsual<CHUNK>(in + (size_t) t * features, features, end + t, t, out + (size_t) t * width, width);
            for (int i = 0; i < n; i++) {
                sumOfWeights -= loss * sumOfWeights;
                sumOfWeights += 1;
            }
            t += n;
            if (n == CHUNK) continue;
        }
        const int batchEnd = end[t];
        for (int r = t; r < batchEnd; r++) {
            of.observe(in[(size_t) r * features]);
            sumOfWeights -= loss * sumOfWeights;
            sumOfWeights += 1;
        }
        of.computeTotal();
        const double inverse = of.inverseDeviation(of.totalSquares, of.totalWeight);
        const double limit = of.limit(of.totalWeight, of.envelope, inverse);
        const int next = batchEnd > t ? batchEnd : t + 1;
        for (; t < next; t++) out[(size_t) t * width] = of.scaled(in[(size_t) t * features], of.totalMean, inverse, limit);
    }
    of.computeTotal();
    for (; t < rows; t++) out[(size_t) t * width] = 0.f;
    state[MEAN * features + f] = of.totalMean;
    state[SQUARES * features + f] = of.totalSquares;
    state[WEIGHT * features + f] = of.totalWeight;
    state[ENVELOPE * features + f] = of.envelope;
    state[RUN * features + f] = of.run;
    state[CLIPPED * features + f] = of.clipped;
    state[SEEN * features + f] = of.seen;
    state[FARTHEST * features + f] = of.farthest;
    state[FARTHEST_WEIGHT * features + f] = of.farthestWeight;
    state[REST_WEIGHT * features + f] = of.weight;
    state[REST_MEAN * features + f] = of.mean;
    state[REST_SQUARES * features + f] = of.squares;
    if (clipped != nullptr) clipped[(size_t) model * features + f] = of.clipped;
    if (of.hasMissed) state[SCALER_FIELDS * features] = 1;
    if (f == 0) state[SCALER_FIELDS * features + 1] = sumOfWeights;
}

// Copies the features of a block as they are, where there is no scaler.
extern "C" __global__ void copyFeatures(
        const float* raw, float* scaled, const int* counts, int rows, int features, int width) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x, model = blockIdx.y;
    if (i >= rows * width) return;
    const int t = i / width, f = i % width;
    float value = 0;
    if (t < counts[model]) {
        value = f < features ? raw[((size_t) model * rows + t) * features + f] : f == features ? 1.f : 0.f;
    }
    scaled[(size_t) model * rows * width + i] = value;
}
