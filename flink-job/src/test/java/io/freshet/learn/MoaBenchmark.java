package io.freshet.learn;

import com.yahoo.labs.samoa.instances.Attribute;
import com.yahoo.labs.samoa.instances.DenseInstance;
import com.yahoo.labs.samoa.instances.Instance;
import com.yahoo.labs.samoa.instances.Instances;
import com.yahoo.labs.samoa.instances.InstancesHeader;
import io.freshet.ingest.Blocks;
import io.freshet.ingest.ExampleBlock;
import io.freshet.model.example.ScoredColumns;
import io.freshet.pipeline.JobConfig;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.zip.GZIPInputStream;
import moa.classifiers.AbstractClassifier;
import moa.classifiers.lazy.SAMkNN;
import moa.classifiers.meta.AdaptiveRandomForest;
import moa.classifiers.meta.StreamingRandomPatches;
import moa.core.Utils;

/**
 * Benchmark of the ensemble and of the linear mixture beside MOA's adaptive random forest (ARF),
 * streaming random patches (SRP) and SAMkNN, test-then-train on the rows of a CSV file in their
 * order, one learner after the other in this thread.
 *
 * <ul>
 *   <li>MOA's learners have MOA's defaults, numeric features as they are in the file, and one
 *       thread; SAMkNN also runs on features that are standardised as Freshet does it, but not
 *       clipped. Freshet's have the defaults of the job but for {@code learner.type}, {@code
 *       training.experts.baselines} and, as in the demo, {@code block.max-wait=off}; drift
 *       detection is included.
 *   <li>Log-loss is the mean of {@code −ln max(p, ε)}, nats, with the probability {@code p} of the
 *       label before the example is trained on, and ε of 0, 10⁻¹² and 10⁻³. The other classes'
 *       probabilities are not lowered in return, so that clipping only helps a learner. MOA's votes
 *       are divided by their sum. Where the sum is 0, infinite or NaN, as it is now and then for
 *       ARF and SRP, {@code p} is 1 / classes; <i>no sum</i> is the number of these rows. An
 *       example that Freshet skips counts with {@code p} = 0.
 *   <li>Accuracy counts the class that MOA's own evaluation takes: the first largest of the votes,
 *       whatever their sum.
 *   <li>Events per second are those of the CPU time of this thread, for prediction and training,
 *       without the threads of the JVM that collect garbage and compile. A learner whose pass took
 *       less than {@value #MIN_SECONDS} s of CPU time starts anew until all took as much; the rate
 *       is the median of the later half of the passes. The ratio is to ARF in the same run.
 *   <li>After the time limit a learner stops where it is, and is scored on the rows before; these
 *       scores do not compare with those of all rows. The last column is the number of rows.
 * </ul>
 *
 * <pre>{@code
 * mvn -B -q -pl flink-job -am test-compile dependency:build-classpath -DskipTests \
 *     -Dmdep.includeScope=test -Dmdep.outputFile=target/test.classpath
 * OMP_NUM_THREADS=1 java -cp \
 *     "flink-job/target/test-classes:flink-job/target/classes:$(cat flink-job/target/test.classpath)" \
 *     io.freshet.learn.MoaBenchmark FILE LABEL [ROWS [SECONDS [LEARNERS]]]
 * }</pre>
 *
 * <p>FILE has a header, numeric features and commas, and may be gzipped; LABEL is the name of the
 * column of the label; ROWS is how many are read, all by default; SECONDS is the time limit of a
 * pass, 1,800 by default; LEARNERS is a regular expression of the names of those that run, such as
 * {@code 'MOA ARF|Freshet.*'}.
 */
final class MoaBenchmark {
    private static final double MIN_SECONDS = 10;
    private static final double[] FLOORS = {0, 1e-12, 1e-3};
    private static final String ARF = "MOA ARF";

    private MoaBenchmark() {}

    /**
     * Labelled examples.
     *
     * @param features (rows, numFeatures)
     * @param labels index in {@code classes} by row
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Stream(List<String> classes, double[][] features, int[] labels) {
        int size() {
            return labels.length;
        }

        /** Returns the stream with scores by the mean and variance up to and with each row. */
        Stream standardised() {
            int numFeatures = features[0].length;
            double[] mean = new double[numFeatures];
            double[] squares = new double[numFeatures];
            double[][] scaled = new double[size()][numFeatures];
            for (int row = 0; row < size(); row++) {
                for (int f = 0; f < numFeatures; f++) {
                    double value = features[row][f];
                    double difference = value - mean[f];
                    mean[f] += difference / (row + 1);
                    squares[f] += difference * (value - mean[f]);
                    double deviation = Math.sqrt(squares[f] / (row + 1));
                    scaled[row][f] = deviation > 0 ? (value - mean[f]) / deviation : 0;
                }
            }
            return new Stream(classes, scaled, labels);
        }
    }

    /** Predictions and times of a learner in one pass over a stream. */
    private static final class Pass {
        private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

        private final double[] labelProbabilities;
        private final long limitNanos;
        private final long start = System.nanoTime();
        private final long cpuStart = THREADS.getCurrentThreadCpuTime();
        private double cpuSeconds;
        private int rows;
        private int correct;
        private int withoutSum;

        Pass(Stream stream, double limitSeconds) {
            labelProbabilities = new double[stream.size()];
            limitNanos = (long) (limitSeconds * TimeUnit.SECONDS.toNanos(1));
        }

        /** Records the next prediction. */
        void add(double labelProbability, boolean isCorrect) {
            labelProbabilities[rows] = labelProbability;
            rows++;
            if (isCorrect) {
                correct++;
            }
        }

        boolean isOverTime() {
            return System.nanoTime() - start > limitNanos;
        }

        Pass end() {
            cpuSeconds = seconds(THREADS.getCurrentThreadCpuTime() - cpuStart);
            return this;
        }

        double eventsPerSecond() {
            return rows / cpuSeconds;
        }

        double accuracy() {
            return (double) correct / rows;
        }

        double logLoss(double floor) {
            double sum = 0;
            for (int i = 0; i < rows; i++) {
                sum -= Math.log(Math.max(floor, labelProbabilities[i]));
            }
            return sum / rows;
        }
    }

    /** A learner: a pass of a new one over the stream. */
    private interface Contender {
        Pass run(double limitSeconds);
    }

    public static void main(String[] args) throws IOException {
        if (args.length < 2 || args.length > 5) {
            throw new IllegalArgumentException("arguments: FILE LABEL [ROWS [SECONDS [LEARNERS]]]");
        }
        Path file = Path.of(args[0]);
        int maxRows = args.length > 2 ? Integer.parseInt(args[2]) : Integer.MAX_VALUE;
        double limitSeconds = args.length > 3 ? Double.parseDouble(args[3]) : 1800;
        Stream stream = read(file, args[1], maxRows);
        String learners = args.length > 4 ? args[4] : ".*";
        System.out.printf(
                "%s: %,d rows, %d features, %d classes%n",
                file.getFileName(),
                stream.size(),
                stream.features()[0].length,
                stream.classes().size());
        System.out.printf(
                "%-32s %9s %9s %9s %9s %9s %12s %9s %9s%n",
                "",
                "log-loss",
                "ε = 10⁻¹²",
                "ε = 10⁻³",
                "accuracy",
                "no sum",
                "events/s",
                "ratio",
                "rows");
        double arf = Double.NaN;
        for (Map.Entry<String, Contender> contender : contenders(stream).entrySet()) {
            if (!contender.getKey().matches(learners)) {
                continue;
            }
            Pass[] passes = passes(contender.getValue(), limitSeconds);
            double rate = eventsPerSecond(passes);
            if (contender.getKey().equals(ARF)) {
                arf = rate;
            }
            Pass first = passes[0];
            System.out.printf(
                    "%-32s %9.4f %9.4f %9.4f %9.4f %9d %,12.0f %,9.2f %,9d%s%n",
                    contender.getKey(),
                    first.logLoss(FLOORS[0]),
                    first.logLoss(FLOORS[1]),
                    first.logLoss(FLOORS[2]),
                    first.accuracy(),
                    first.withoutSum,
                    rate,
                    rate / arf,
                    first.rows,
                    first.rows < stream.size() ? ", cut by the time limit" : "");
        }
    }

    private static Map<String, Contender> contenders(Stream stream) {
        Stream standardised = stream.standardised();
        Map<String, Contender> contenders = new LinkedHashMap<>();
        contenders.put(ARF, limit -> moa(AdaptiveRandomForest::new, stream, limit));
        contenders.put("MOA SRP", limit -> moa(StreamingRandomPatches::new, stream, limit));
        contenders.put("MOA SAMkNN", limit -> moa(SAMkNN::new, stream, limit));
        contenders.put("MOA SAMkNN, standardised", limit -> moa(SAMkNN::new, standardised, limit));
        contenders.put(
                "Freshet ensemble", limit -> freshet(stream, limit, "learner.type", "ensemble"));
        contenders.put(
                "Freshet ensemble, label experts",
                limit ->
                        freshet(
                                stream,
                                limit,
                                "learner.type",
                                "ensemble",
                                "training.experts.baselines",
                                "true"));
        contenders.put(
                "Freshet softmax", limit -> freshet(stream, limit, "learner.type", "softmax"));
        return contenders;
    }

    /** Returns passes of new learners until they took {@link #MIN_SECONDS}; at least one. */
    private static Pass[] passes(Contender contender, double limitSeconds) {
        List<Pass> passes = new ArrayList<>();
        double cpuSeconds = 0;
        do {
            Pass pass = contender.run(limitSeconds);
            passes.add(pass);
            cpuSeconds += pass.cpuSeconds;
        } while (cpuSeconds < MIN_SECONDS);
        return passes.toArray(Pass[]::new);
    }

    /** Returns the median of the later half of the passes, for which the code is compiled. */
    private static double eventsPerSecond(Pass[] passes) {
        double[] rates =
                Arrays.stream(passes)
                        .skip(passes.length / 2)
                        .mapToDouble(Pass::eventsPerSecond)
                        .sorted()
                        .toArray();
        return rates[rates.length / 2];
    }

    private static Pass moa(
            Supplier<AbstractClassifier> newClassifier, Stream stream, double limitSeconds) {
        List<Attribute> attributes = new ArrayList<>();
        for (int f = 0; f < stream.features()[0].length; f++) {
            attributes.add(new Attribute("f" + f));
        }
        attributes.add(new Attribute("class", stream.classes()));
        Instances dataset = new Instances("stream", attributes, 0);
        dataset.setClassIndex(attributes.size() - 1);
        InstancesHeader header = new InstancesHeader(dataset);
        List<Instance> instances = new ArrayList<>();
        for (int row = 0; row < stream.size(); row++) {
            double[] values = Arrays.copyOf(stream.features()[row], attributes.size());
            values[attributes.size() - 1] = stream.labels()[row];
            Instance instance = new DenseInstance(1, values);
            instance.setDataset(header);
            instances.add(instance);
        }
        AbstractClassifier classifier = newClassifier.get();
        classifier.prepareForUse();
        classifier.setModelContext(header);

        Pass pass = new Pass(stream, limitSeconds);
        for (int row = 0; row < stream.size() && !pass.isOverTime(); row++) {
            Instance instance = instances.get(row);
            double[] votes = classifier.getVotesForInstance(instance);
            int label = stream.labels()[row];
            double sum = Arrays.stream(votes).sum();
            double probability = 1.0 / stream.classes().size();
            if (sum > 0 && Double.isFinite(sum)) {
                probability = label < votes.length ? votes[label] / sum : 0;
            } else {
                pass.withoutSum++;
            }
            pass.add(probability, Utils.maxIndex(votes) == label);
            classifier.trainOnInstance(instance);
        }
        return pass.end();
    }

    private static Pass freshet(Stream stream, double limitSeconds, String... settings) {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("num-features", Integer.toString(stream.features()[0].length));
        all.put("classes", String.join(",", stream.classes()));
        all.put("block.max-wait", "off");
        all.put("kafka.bootstrap.servers", "none:1");
        all.put("sink.transactional-id-prefix", "none");
        for (int i = 0; i < settings.length; i += 2) {
            all.put(settings[i], settings[i + 1]);
        }
        JobConfig config = JobConfig.parse(all);
        List<ExampleBlock> blocks = blocks(stream, config.ingest().blockSize());
        try (LearnerWorkspace workspace = new LearnerWorkspace(config.learn());
                Learner learner = new Learner("m", workspace)) {
            Pass pass = new Pass(stream, limitSeconds);
            for (ExampleBlock block : blocks) {
                if (pass.isOverTime()) {
                    return pass.end();
                }
                add(learner.process(block, prediction -> {}, alert -> {}).scored(), pass);
            }
            add(learner.closeMiniBatch(prediction -> {}, alert -> {}).scored(), pass);
            pass.end();
            while (pass.rows < stream.size()) {
                pass.add(0, false);
            }
            return pass;
        }
    }

    private static void add(ScoredColumns scored, Pass pass) {
        for (int i = 0; i < scored.length(); i++) {
            pass.add(
                    Math.exp(-scored.losses()[i]),
                    scored.predictedClasses()[i] == scored.labels()[i]);
        }
    }

    private static List<ExampleBlock> blocks(Stream stream, int blockSize) {
        List<Blocks.Example> examples = new ArrayList<>();
        for (int row = 0; row < stream.size(); row++) {
            double[] values = stream.features()[row];
            float[] features = new float[values.length];
            for (int f = 0; f < features.length; f++) {
                features[f] = (float) values[f];
            }
            examples.add(new Blocks.Example("m", row, stream.labels()[row], 1, features));
        }
        List<ExampleBlock> blocks = new ArrayList<>();
        for (int from = 0; from < examples.size(); from += blockSize) {
            int to = Math.min(examples.size(), from + blockSize);
            blocks.add(Blocks.block(examples.subList(from, to)));
        }
        return blocks;
    }

    private static Stream read(Path file, String label, int maxRows) throws IOException {
        List<double[]> features = new ArrayList<>();
        List<String> labels = new ArrayList<>();
        try (BufferedReader lines = open(file)) {
            String header = lines.readLine();
            List<String> columns = header == null ? List.of() : List.of(header.split(",", -1));
            int labelColumn = columns.indexOf(label);
            if (labelColumn < 0) {
                throw new IllegalArgumentException("no column " + label + " in " + columns);
            }
            String line;
            while (labels.size() < maxRows && (line = lines.readLine()) != null) {
                String[] cells = line.split(",", -1);
                double[] row = new double[columns.size() - 1];
                for (int column = 0; column < columns.size(); column++) {
                    if (column != labelColumn) {
                        row[column < labelColumn ? column : column - 1] =
                                Double.parseDouble(cells[column]);
                    }
                }
                features.add(row);
                labels.add(cells[labelColumn]);
            }
        }
        List<String> classes = List.copyOf(new TreeSet<>(labels));
        return new Stream(
                classes,
                features.toArray(double[][]::new),
                labels.stream().mapToInt(classes::indexOf).toArray());
    }

    private static BufferedReader open(Path file) throws IOException {
        InputStream bytes = Files.newInputStream(file);
        return new BufferedReader(
                new InputStreamReader(
                        file.toString().endsWith(".gz") ? new GZIPInputStream(bytes) : bytes,
                        StandardCharsets.UTF_8));
    }

    private static double seconds(long nanos) {
        return (double) nanos / TimeUnit.SECONDS.toNanos(1);
    }
}
