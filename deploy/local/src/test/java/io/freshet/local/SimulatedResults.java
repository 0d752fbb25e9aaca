package io.freshet.local;

import io.freshet.schemas.Audit;
import io.freshet.schemas.CalibrationBin;
import io.freshet.schemas.ClassChange;
import io.freshet.schemas.ClassCounts;
import io.freshet.schemas.ClassScores;
import io.freshet.schemas.Confusion;
import io.freshet.schemas.ConfusionCell;
import io.freshet.schemas.DetectorState;
import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.DriftWindow;
import io.freshet.schemas.Expert;
import io.freshet.schemas.ExpertCombination;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.ModelSnapshotEvent;
import io.freshet.schemas.OffsetRange;
import io.freshet.schemas.PartitionOffset;
import io.freshet.schemas.Provenance;
import io.freshet.schemas.Scores;
import io.freshet.schemas.Tally;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Simulated results of a job for one model, with every field set, on a stream that drifts at known
 * examples. The values are made up, but plausible together.
 */
public final class SimulatedResults {
    static final int EXAMPLES_PER_RECORD = 500;
    static final int DETECTION_DELAY = 180;

    private static final int WINDOW = 1_000;
    private static final double[] RATES = {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1};
    private static final List<String> ENSEMBLE =
            List.of(
                    "rate 0.001",
                    "rate 0.01",
                    "rate 0.1",
                    "rate 1",
                    "ferns, forgetting",
                    "ferns",
                    "nearest of 32",
                    "nearest of 1024",
                    "no-change",
                    "frequencies",
                    "recent frequencies");
    private static final int BINS = 10;
    private static final double BEST_RECALL = 0.87;

    private final long seed;
    private final String modelId;
    private final List<String> classes;
    private final List<Long> drifts;
    private final long start;
    private final long millisPerRecord;
    private final boolean isEnsemble;

    /**
     * @param drifts examples at which the stream drifts
     * @param start time of the first record in epoch milliseconds; each further one is {@code
     *     millisPerRecord} later
     */
    public SimulatedResults(
            long seed,
            String modelId,
            List<String> classes,
            List<Long> drifts,
            long start,
            long millisPerRecord) {
        this(seed, modelId, classes, drifts, start, millisPerRecord, false);
    }

    private SimulatedResults(
            long seed,
            String modelId,
            List<String> classes,
            List<Long> drifts,
            long start,
            long millisPerRecord,
            boolean isEnsemble) {
        this.seed = seed;
        this.modelId = modelId;
        this.classes = List.copyOf(classes);
        this.drifts = List.copyOf(drifts);
        this.start = start;
        this.millisPerRecord = millisPerRecord;
        this.isEnsemble = isEnsemble;
    }

    /** Returns the same results of an ensemble. */
    SimulatedResults ofEnsemble() {
        return new SimulatedResults(seed, modelId, classes, drifts, start, millisPerRecord, true);
    }

    /** Returns the metrics record with a sequence number. */
    public MetricsEvent metrics(long sequence) {
        Random random = new Random(seed * 1_000_003 + sequence);
        long examples = (sequence + 1) * EXAMPLES_PER_RECORD;
        long[][] cells = confusion(examples, random);
        Scores rolling = scores(cells, examples, random);
        long dead = examples / 9_000;
        long emittedAt = start + sequence * millisPerRecord;
        long lag = 220L + random.nextInt(120) + (random.nextInt(25) == 0 ? 900 : 0);
        return MetricsEvent.newBuilder()
                .setModelId(modelId)
                .setSequence(sequence)
                .setAttempt(null)
                .setTimestamp(Instant.ofEpochMilli(emittedAt - lag))
                .setModelVersion(examples)
                .setExamplesSeen(examples)
                .setAudit(
                        new Audit(
                                new Tally(examples, examples * 0x9E3779B97F4A7C15L),
                                new Tally(examples / 12, examples),
                                new Tally(dead / 2, 1L),
                                new Tally(dead, 2L)))
                .setIgnoredByReason(dead < 2 ? Map.of() : Map.of("ZERO_WEIGHT", dead / 2))
                .setDeadLettersByReason(
                        dead == 0
                                ? Map.of()
                                : Map.of(
                                        "TRUNCATED",
                                        (dead + 1) / 2,
                                        "LABEL_OUT_OF_RANGE",
                                        dead / 2))
                .setOffsets(List.of(new PartitionOffset("labelled-events", 0, examples)))
                .setWindowSize(WINDOW)
                .setRolling(rolling)
                .setPrequential(scores(confusion(examples / 2, random), examples, random))
                .setLearningRate(0.012)
                .setDevice(isEnsemble ? "CPU" : "CUDA: NVIDIA H200")
                .setSkippedSteps(0)
                .setExperts(isEnsemble ? ensemble(examples) : experts(examples))
                .setCombinations(isEnsemble ? combinations() : List.of())
                .setRollBacks(0)
                .setFading(scores(cells, examples, random))
                .setFadingFactor(0.999)
                .setTopK(3)
                .setRunningLoss(rolling.getLoss() + random.nextGaussian() * 0.03)
                .setRunningLossMiniBatches(200)
                .setClasses(classScores(cells))
                .setOtherClasses(0)
                .setConfusion(confusion(cells))
                .setCalibration(calibration(rolling.getAccuracy(), random))
                .setExpectedAccuracy(rolling.getAccuracy() + 0.03)
                .setExpectedAccuracyEvents(80)
                .setGradientNorm(0.4 + random.nextDouble() * 0.1)
                .setParameterNorm(3 + examples * 1e-5)
                .setToldAt(Instant.ofEpochMilli(emittedAt))
                .setThroughput(9_400 + 700 * random.nextGaussian())
                .setEventTimeLag(lag)
                .setDrifts(
                        drifts.stream()
                                .filter(drift -> drift + DETECTION_DELAY <= examples)
                                .count())
                .setDetectors(detectors(examples, rolling, random))
                .build();
    }

    /** Returns the alert of a drift, detected {@value #DETECTION_DELAY} examples after it. */
    public DriftAlertEvent alert(int index) {
        long drift = drifts.get(index);
        long found = drift + DETECTION_DELAY;
        int broken = index % classes.size();
        List<ClassChange> changes = new ArrayList<>();
        for (int k = 0; k < Math.min(classes.size(), 5); k++) {
            int named = (broken + k) % classes.size();
            double after = k == 0 ? 0.07 : k == 1 ? 0.31 : 0.84;
            changes.add(
                    new ClassChange(
                            named, classes.get(named), 36L, 36L, 0.88, after, 0.41, 0.41 / after));
        }
        return DriftAlertEvent.newBuilder()
                .setModelId(modelId)
                .setSequence(index)
                .setTimestamp(Instant.ofEpochMilli(emittedAt(found)))
                .setDetector("adwin")
                .setExamplesSeen(found)
                .setModelVersion(found)
                .setStatistic(0.3127)
                .setThreshold(0.2214)
                .setSignal("loss")
                .setWarningExamplesSeen(found - 60)
                .setBefore(window(drift - DETECTION_DELAY, drift, 0.42, 0.86))
                .setAfter(window(drift, found, 1.61, 0.47))
                .setClasses(changes)
                .setReaction(index % 2 == 0 ? "none" : "reset-scaler")
                .build();
    }

    /** Returns a snapshot after a number of examples. */
    ModelSnapshotEvent snapshot(long examples) {
        Tally none = new Tally(0L, 0L);
        return ModelSnapshotEvent.newBuilder()
                .setModelId(modelId)
                .setModelVersion(examples)
                .setTimestamp(Instant.ofEpochMilli(emittedAt(examples)))
                .setChunk(0)
                .setChunks(1)
                .setContentHash(String.format("%016x%016x", examples * 0x9E3779B97F4A7C15L, seed))
                .setNumFeatures(1)
                .setClasses(classes)
                .setParameterOffset(0)
                .setParameters(List.of(0f, 0f))
                .setScaler(null)
                .setProvenance(
                        new Provenance(
                                "0.1.0",
                                examples,
                                new Audit(new Tally(examples, 1L), none, none, none),
                                List.of(),
                                Map.of(),
                                List.of()))
                .build();
    }

    /** Returns the time of the last record up to a number of examples. */
    long emittedAt(long examples) {
        return start + (examples / EXAMPLES_PER_RECORD - 1) * millisPerRecord;
    }

    private DriftWindow window(long from, long to, double loss, double accuracy) {
        return new DriftWindow(
                to - from,
                List.of(new OffsetRange("labelled-events", 0, from, to - 1)),
                Instant.ofEpochMilli(emittedAt(from)),
                Instant.ofEpochMilli(emittedAt(to)),
                loss,
                accuracy);
    }

    /** Returns the model's skill, 0 to 1: low at the start and after each drift. */
    private double skill(long examples) {
        double skill = 1 - 0.5 * Math.exp(-examples / 2_500.0);
        for (long drift : drifts) {
            if (examples > drift) {
                skill *= 1 - 0.52 * Math.exp(-(examples - drift) / 3_000.0);
            }
        }
        return skill;
    }

    private double recall(int k, long examples) {
        double recall = BEST_RECALL * skill(examples) + 0.08 * Math.cos(2.3 * k + seed);
        for (int i = 0; i < drifts.size(); i++) {
            if (examples > drifts.get(i) && i % classes.size() == k) {
                recall *= 1 - 0.7 * Math.exp(-(examples - drifts.get(i)) / 2_000.0);
            }
        }
        return Math.min(0.99, Math.max(0.02, recall));
    }

    /** Returns a confusion matrix (label, predicted). */
    private long[][] confusion(long examples, Random random) {
        int n = classes.size();
        long[][] cells = new long[n][n];
        for (int i = 0; i < WINDOW; i++) {
            int label = (int) (n * Math.pow(random.nextDouble(), 1.4));
            boolean hit = random.nextDouble() < recall(label, examples);
            int wrong = (label + 1 + (int) ((n - 1) * Math.pow(random.nextDouble(), 2))) % n;
            cells[label][hit ? label : wrong]++;
        }
        return cells;
    }

    private Scores scores(long[][] cells, long examples, Random random) {
        long hits = 0;
        long most = 0;
        double chance = 0;
        double recalls = 0;
        for (int k = 0; k < cells.length; k++) {
            hits += cells[k][k];
            most = Math.max(most, labels(cells, k));
            chance += 1.0 * labels(cells, k) * predictions(cells, k) / WINDOW / WINDOW;
            recalls += labels(cells, k) == 0 ? 0 : 1.0 * cells[k][k] / labels(cells, k);
        }
        double accuracy = 1.0 * hits / WINDOW;
        double majority = 1.0 * most / WINDOW;
        double noChange = chance + 0.01 * random.nextGaussian();
        return new Scores(
                Math.min(examples, WINDOW),
                (double) WINDOW,
                -1.35 * Math.log(Math.max(accuracy, 0.02)) + 0.18 + 0.02 * random.nextGaussian(),
                accuracy,
                noChange,
                majority,
                (accuracy - chance) / (1 - chance),
                (accuracy - noChange) / (1 - noChange),
                (accuracy - majority) / (1 - majority),
                recalls / cells.length,
                Math.min(1, accuracy + 0.09),
                2 * (1 - accuracy) * 0.8,
                accuracy + 0.03,
                0.031 + 0.004 * random.nextDouble());
    }

    private static long labels(long[][] cells, int k) {
        long labels = 0;
        for (long count : cells[k]) {
            labels += count;
        }
        return labels;
    }

    private static long predictions(long[][] cells, int k) {
        long predictions = 0;
        for (long[] row : cells) {
            predictions += row[k];
        }
        return predictions;
    }

    private List<ClassScores> classScores(long[][] cells) {
        List<ClassScores> scores = new ArrayList<>();
        for (int k = 0; k < cells.length; k++) {
            long labels = labels(cells, k);
            long predictions = predictions(cells, k);
            long hits = cells[k][k];
            ClassCounts counts =
                    new ClassCounts(
                            labels,
                            predictions,
                            hits,
                            predictions == 0 ? null : 1.0 * hits / predictions,
                            labels == 0 ? null : 1.0 * hits / labels,
                            labels + predictions == 0 ? null : 2.0 * hits / (labels + predictions));
            scores.add(new ClassScores(k, classes.get(k), counts, counts));
        }
        scores.sort(Comparator.comparing(each -> -each.getRolling().getLabels()));
        return scores;
    }

    private static Confusion confusion(long[][] cells) {
        List<ConfusionCell> counted = new ArrayList<>();
        for (int label = 0; label < cells.length; label++) {
            for (int predicted = 0; predicted < cells.length; predicted++) {
                if (cells[label][predicted] > 0) {
                    counted.add(new ConfusionCell(label, predicted, cells[label][predicted]));
                }
            }
        }
        counted.sort(Comparator.comparing(cell -> -cell.getCount()));
        return new Confusion(counted, 0L, 0L);
    }

    private static List<CalibrationBin> calibration(double accuracy, Random random) {
        List<CalibrationBin> bins = new ArrayList<>();
        for (int i = 0; i < BINS; i++) {
            double lower = 1.0 * i / BINS;
            double middle = lower + 0.5 / BINS;
            long examples = i < 2 ? 0 : Math.round(WINDOW * Math.exp((i - 9) * accuracy) * 0.55);
            double right = Math.min(1, Math.max(0, middle - 0.05 + 0.03 * random.nextGaussian()));
            bins.add(
                    new CalibrationBin(
                            lower,
                            lower + 1.0 / BINS,
                            examples,
                            examples == 0 ? null : middle,
                            examples == 0 ? null : right));
        }
        return bins;
    }

    /** Returns the mixture's experts: high rates dominate after a drift, low ones later. */
    private List<Expert> experts(long examples) {
        long since = examples;
        for (long drift : drifts) {
            if (examples > drift) {
                since = examples - drift;
            }
        }
        double centre = Math.max(1, 5 - Math.log10(1 + since / 400.0) * 2.4);
        double[] weights = new double[RATES.length];
        double sum = 0;
        for (int i = 0; i < weights.length; i++) {
            weights[i] = Math.exp(-(i - centre) * (i - centre));
            sum += weights[i];
        }
        List<Expert> experts = new ArrayList<>();
        for (int i = 0; i < weights.length; i++) {
            String name = "rate " + (RATES[i] == 1 ? "1" : Double.toString(RATES[i]));
            experts.add(
                    new Expert(name, RATES[i], weights[i] / sum, 0L, null, null, 2 - weights[i]));
        }
        return experts;
    }

    /** Returns the experts of an ensemble: the nearest examples gain weight. */
    private static List<Expert> ensemble(long examples) {
        double grown = 1 - Math.exp(-examples / 20_000.0);
        List<Expert> experts = new ArrayList<>();
        for (int i = 0; i < ENSEMBLE.size(); i++) {
            String name = ENSEMBLE.get(i);
            double stackWeight = name.equals("nearest of 1024") ? 1.25 * grown : (i % 3 - 1) * 0.25;
            Double learningRate =
                    name.startsWith("rate ")
                            ? (Double) Double.parseDouble(name.substring(5))
                            : null;
            experts.add(
                    new Expert(
                            name,
                            learningRate,
                            1.0 / ENSEMBLE.size(),
                            0L,
                            stackWeight,
                            stackWeight / 2,
                            1.5 - 0.5 * stackWeight));
        }
        return experts;
    }

    private static List<ExpertCombination> combinations() {
        return List.of(
                new ExpertCombination("mixture", 0.0625, 0.75),
                new ExpertCombination("stack", 0.75, 0.5),
                new ExpertCombination("correction", 0.1875, 0.625));
    }

    private List<DetectorState> detectors(long examples, Scores rolling, Random random) {
        boolean fresh =
                drifts.stream().anyMatch(d -> examples > d && examples <= d + EXAMPLES_PER_RECORD);
        long found = drifts.stream().filter(drift -> drift + DETECTION_DELAY <= examples).count();
        return List.of(
                new DetectorState(
                        "adwin",
                        "loss",
                        fresh ? "drift" : "stable",
                        fresh ? 0.31 : 0.05 + 0.03 * random.nextDouble(),
                        0.22,
                        found),
                new DetectorState(
                        "ddm",
                        "error",
                        rolling.getAccuracy() < 0.75 ? "warning" : "stable",
                        1.1 + random.nextDouble(),
                        3.0,
                        found));
    }
}
