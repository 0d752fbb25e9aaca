package io.freshet.ingest;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import io.freshet.features.FeatureColumns;
import io.freshet.features.FeatureField;
import io.freshet.features.FeatureKind;
import io.freshet.features.FeatureList;
import io.freshet.ingest.mapping.FieldMapping;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Configuration of the decoding and validation of examples, and of their packing into blocks.
 *
 * @param numFeatures number of features of an example, at least 1, with the indicators of missing
 *     ones
 * @param classes class names by index, at least two, without duplicates; empty if classes are open
 * @param blockSize number of events after which a block is emitted, at least 1
 * @param blockMaxWait maximum time for which an event waits for its block to fill; null for no
 *     limit, in which case the learner cuts its execution blocks by count alone
 * @param allowedModels ids of the models to train; empty for any
 * @param labelType kind of the labels
 * @param ignoreIndex class index of events to ignore, or their class name if all names are whole
 *     numbers, or null for none; must be null unless {@code labelType} is {@link LabelType#CLASS}
 * @param source format of the messages
 * @param missing treatment of missing features; not {@link MissingValues#MEAN} unless the encoding
 *     is {@link FeatureEncoding#COLUMNS}
 * @param encoding encoding of the features; if they are hashed, their number is a power of 2
 * @param missingIndicator whether further features, behind the others, say which are missing
 * @param classCapacity largest number of classes of a model where classes are open; 0 if they are
 *     not
 * @param predictions events whose predictions are published, with their ids
 */
public record IngestConfig(
        int numFeatures,
        List<String> classes,
        int blockSize,
        @Nullable Duration blockMaxWait,
        Set<String> allowedModels,
        LabelType labelType,
        @Nullable Integer ignoreIndex,
        SourceConfig source,
        MissingValues missing,
        FeatureEncoding encoding,
        boolean missingIndicator,
        int classCapacity,
        PredictedEvents predictions)
        implements Serializable {

    /** Largest number of features of {@link FeatureEncoding#COLUMNS}. */
    private static final int MAX_COLUMNS = 1_000_000;

    private static final int MAX_HASH_BITS = 24;

    public static final Key<Optional<Integer>> NUM_FEATURES =
            Key.ofIntOr(
                            "auto",
                            "num-features",
                            1,
                            1 << MAX_HASH_BITS,
                            "features",
                            "Number of features of an example, at most 1000000 unless"
                                    + " features.encoding = sparse. Required for source.format ="
                                    + " freshet; otherwise it follows from features, or from"
                                    + " features.hash-bits.")
                    .extensible(
                            (saved, configured) ->
                                    saved.isPresent()
                                            && configured.isPresent()
                                            && saved.get() <= configured.get());
    public static final Key<FeatureEncoding> ENCODING =
            Key.ofEnum(
                    "features.encoding",
                    FeatureEncoding.COLUMNS,
                    "Encoding of the features. Columns: every feature has its column. Sparse: also"
                        + " that, but only the features that are not 0 travel and are stored, for"
                        + " examples with few of many. Hashed: the name of a feature, or of a"
                        + " feature and its category or word, determines its column by a hash, so"
                        + " that the names need not be known; features that share a column are"
                        + " added up, each with a sign that the hash determines. The features of an"
                        + " event are at most 65536 that are not 0, texts at most 131072"
                        + " characters.");
    public static final Key<Integer> HASH_BITS =
            Key.ofInt(
                    "features.hash-bits",
                    18,
                    8,
                    MAX_HASH_BITS,
                    "bits",
                    "Number of bits of a feature's hash for features.encoding = hashed: 18 are"
                            + " 262144 columns. Of n features, a fraction of about n divided by the"
                            + " number of columns shares its column with another.");
    public static final Key<Optional<MissingValues>> MISSING =
            Key.ofEnumOr(
                    "auto",
                    "features.missing",
                    MissingValues.class,
                    "Treatment of a missing feature: NaN, and in a mapped message also null, a"
                        + " field that is absent, empty text and a category that is not listed. The"
                        + " event is a dead letter; or the value is the feature's mean so far (0"
                        + " after scaling), which the scaler does not observe; or it is 0 before"
                        + " scaling. An infinite feature is always a dead letter. The metrics count"
                        + " the missing values by feature. Auto: mean for source.format = json,"
                        + " otherwise dead-letter. With features.encoding = sparse or hashed, auto"
                        + " is zero, mean is refused, and the metrics do not count a missing value:"
                        + " the example does not have it.");
    public static final Key<Boolean> MISSING_INDICATOR =
            Key.ofBoolean(
                    "features.missing-indicator",
                    false,
                    "Whether the model has one more feature for each field that is a feature, and"
                            + " for each member of a list: 1 where the value is missing, and 0"
                            + " elsewhere. They follow the other features, each under the name of"
                            + " its field with \"is missing\". For source.format = freshet, the"
                            + " model then has twice num-features.");

    /** Value of {@link #CLASSES} with which the classes of a model are those of its labels. */
    private static final String OPEN = "open";

    public static final Key<List<String>> CLASSES =
            Key.requiredList(
                            "classes",
                            "Class names in the order of their indices, or the number of classes: 3"
                                    + " is short for 0,1,2. Open: each model has the classes of its"
                                    + " labels, in the order in which they first occur; every label"
                                    + " is a class name then.")
                    .extensible(
                            (saved, configured) ->
                                    !isOpen(saved)
                                            && Key.startsWith(names(saved), names(configured)));
    public static final Key<Integer> CLASSES_CAPACITY =
            Key.ofInt(
                            "classes.capacity",
                            100,
                            2,
                            100_000,
                            "classes",
                            "Largest number of classes of a model, for classes = open. Events of"
                                    + " further classes are ignored and counted.")
                    .extensible((saved, configured) -> saved <= configured);
    public static final Key<LabelType> LABEL_TYPE =
            Key.ofEnum(
                    "label.type",
                    LabelType.CLASS,
                    "Kind of the labels: a single class; a probability for each class, with sum 1;"
                            + " or an independent value from 0 to 1 for each class, with"
                            + " learner.type = softmax. The last two"
                            + " are sent as one value per class; a class index or name means 1 for"
                            + " that class and 0 for the others.");
    public static final Key<Optional<Integer>> LABEL_IGNORE_INDEX =
            Key.ofOptionalInt(
                    "label.ignore-index",
                    "Class index of events that are ignored: counted, but not trained on; their"
                            + " class name if all names are whole numbers. A label that is written"
                            + " so is ignored, too, unless a class has that name. PyTorch's"
                            + " convention is -100. Requires label.type = class.");
    public static final Key<Integer> BLOCK_SIZE =
            Key.ofInt(
                            "block.size",
                            256,
                            1,
                            65_536,
                            "events",
                            "Number of events after which a block is sent to the learner. Affects"
                                    + " performance only: results differ by rounding at most.")
                    .changeable();
    public static final Key<Optional<Duration>> BLOCK_MAX_WAIT =
            Key.ofOptionalDuration(
                            "block.max-wait",
                            "200 ms",
                            Duration.ofMillis(1),
                            "Maximum time for which an event waits for its block to fill. Off: each"
                                + " model learns in blocks of a fixed number of its events, and the"
                                + " last events wait for later ones or the end of the input. Then"
                                + " two runs over the same partition give the same results bit for"
                                + " bit, whatever the moments of arrival and of checkpoints. The"
                                + " demo sets it. Requires mini-batch.max-wait = off.")
                    .changeable();
    public static final Key<List<String>> MODELS_ALLOWED =
            Key.ofList(
                            "models.allowed",
                            "",
                            "Ids of the models to train; events for other models become dead"
                                    + " letters. Empty: any model.")
                    .changeable();

    public static final Key<PredictedEvents> PREDICTIONS_OF =
            Key.ofEnum(
                            "predictions.of",
                            PredictedEvents.UNLABELLED,
                            "Events of topics.labelled-events whose predictions are published:"
                                + " unlabelled, or all. With all, an event that is trained on has"
                                + " the prediction that it was tested with before, with its label"
                                + " and its loss, so that anybody can check the metrics.")
                    .changeable();

    /** The keys of this configuration. */
    public static final List<Key<?>> KEYS = keys();

    private static List<Key<?>> keys() {
        List<Key<?>> keys = new ArrayList<>(SourceConfig.KEYS);
        keys.addAll(
                List.of(
                        NUM_FEATURES,
                        ENCODING,
                        HASH_BITS,
                        MISSING,
                        MISSING_INDICATOR,
                        CLASSES,
                        CLASSES_CAPACITY,
                        LABEL_TYPE,
                        LABEL_IGNORE_INDEX,
                        BLOCK_SIZE,
                        BLOCK_MAX_WAIT,
                        MODELS_ALLOWED,
                        PREDICTIONS_OF));
        return List.copyOf(keys);
    }

    public IngestConfig {
        boolean classesFit = classCapacity == 0 ? classes.size() >= 2 : classes.isEmpty();
        if (numFeatures < 1 || blockSize < 1 || !classesFit) {
            throw new IllegalArgumentException(
                    "num-features "
                            + numFeatures
                            + ", block.size "
                            + blockSize
                            + ", classes "
                            + classes
                            + ", classes.capacity "
                            + classCapacity);
        }
        if (ignoreIndex != null && labelType != LabelType.CLASS) {
            throw new IllegalArgumentException(
                    "label.ignore-index " + ignoreIndex + ", label.type " + labelType);
        }
        if (missingIndicator && missing == MissingValues.DEAD_LETTER) {
            throw new IllegalArgumentException("indicators, features.missing " + missing);
        }
        classes = List.copyOf(classes);
        allowedModels = Set.copyOf(allowedModels);
    }

    /** Creates a configuration of features that have a column each, and of known classes. */
    public IngestConfig(
            int numFeatures,
            List<String> classes,
            int blockSize,
            @Nullable Duration blockMaxWait,
            Set<String> allowedModels,
            LabelType labelType,
            @Nullable Integer ignoreIndex,
            SourceConfig source,
            MissingValues missing) {
        this(
                numFeatures,
                classes,
                blockSize,
                blockMaxWait,
                allowedModels,
                labelType,
                ignoreIndex,
                source,
                missing,
                FeatureEncoding.COLUMNS,
                false,
                0,
                PredictedEvents.UNLABELLED);
    }

    /** Reads the configuration; adds problems to the settings. */
    public static IngestConfig from(Settings settings) {
        SourceConfig source = SourceConfig.from(settings);
        List<String> classes = classes(settings);
        for (List<String> similar : ClassNames.similar(classes)) {
            settings.warn(
                    "the classes "
                            + Key.text(similar)
                            + " differ only in case, in spaces or as 1 and 1.0: is one class"
                            + " meant?");
        }
        MissingValues missing = missing(settings);
        boolean missingIndicator = missingIndicator(settings, source, missing);
        return new IngestConfig(
                numFeatures(settings, source, missingIndicator),
                classes,
                settings.get(BLOCK_SIZE),
                settings.get(BLOCK_MAX_WAIT).orElse(null),
                Set.copyOf(settings.get(MODELS_ALLOWED)),
                settings.get(LABEL_TYPE),
                ignoreIndex(settings),
                source,
                missing,
                encoding(settings, source.mapping().features()),
                missingIndicator,
                classCapacity(settings),
                settings.get(PREDICTIONS_OF));
    }

    /**
     * Reads the configuration of JSON events of which only the features are used, whatever format
     * the job reads; adds problems to the settings. Neither a label nor classes are required. A
     * missing feature is left to the model, unless {@code features.missing} says what it is.
     */
    public static IngestConfig ofJsonFeatures(Settings settings) {
        SourceConfig source = SourceConfig.ofJson(settings);
        FeatureEncoding encoding = encoding(settings, source.mapping().features());
        MissingValues missing =
                settings.get(MISSING)
                        .orElse(
                                encoding == FeatureEncoding.COLUMNS
                                        ? MissingValues.MEAN
                                        : MissingValues.ZERO);
        boolean missingIndicator = missingIndicator(settings, source, missing);
        List<String> classes = givenClasses(settings);
        boolean anyClass = classes.isEmpty();
        return new IngestConfig(
                numFeatures(settings, source, missingIndicator),
                classes,
                settings.get(BLOCK_SIZE),
                null,
                Set.of(),
                anyClass ? LabelType.CLASS : settings.get(LABEL_TYPE),
                anyClass ? null : ignoreIndex(settings),
                source,
                missing,
                encoding,
                missingIndicator,
                anyClass ? settings.get(CLASSES_CAPACITY) : 0,
                PredictedEvents.UNLABELLED);
    }

    private static int classCapacity(Settings settings) {
        if (!isOpen(settings.get(CLASSES))) {
            if (!settings.isDefault(CLASSES_CAPACITY)) {
                settings.problem(
                        settings.assignment(CLASSES_CAPACITY)
                                + ": the key is for "
                                + CLASSES
                                + " = "
                                + OPEN
                                + " only");
            }
            return 0;
        }
        if (settings.get(LABEL_TYPE) != LabelType.CLASS) {
            settings.problem(
                    settings.assignment(LABEL_TYPE)
                            + " with "
                            + settings.assignment(CLASSES)
                            + ": open classes need labels of one class");
        }
        return settings.get(CLASSES_CAPACITY);
    }

    private static boolean isOpen(List<String> classes) {
        return classes.equals(List.of(OPEN));
    }

    /** Returns whether the classes of a model are those of its labels. */
    public boolean classesAreOpen() {
        return classCapacity > 0;
    }

    /** Returns the number of classes; the capacity, if classes are open. */
    public int numClasses() {
        return classesAreOpen() ? classCapacity : classes.size();
    }

    /** Returns the class names; of open classes, as many and as long ones as there may be. */
    public List<String> longestClassNames() {
        return classesAreOpen()
                ? Collections.nCopies(classCapacity, "\0".repeat(ClassNames.MAX_LENGTH))
                : classes;
    }

    private static boolean missingIndicator(
            Settings settings, SourceConfig source, MissingValues missing) {
        if (!settings.get(MISSING_INDICATOR)) {
            return false;
        }
        if (settings.get(ENCODING) != FeatureEncoding.COLUMNS) {
            settings.problem(
                    settings.assignment(MISSING_INDICATOR)
                            + " with "
                            + settings.assignment(ENCODING)
                            + ": a missing value is absent there, as a 0 is");
            return false;
        }
        if (missing == MissingValues.DEAD_LETTER) {
            settings.problem(
                    settings.assignment(MISSING_INDICATOR)
                            + " with "
                            + MISSING
                            + " = "
                            + Key.kebab(missing)
                            + ": no example has a missing feature; set "
                            + MISSING
                            + " to "
                            + Key.kebab(MissingValues.MEAN)
                            + " or "
                            + Key.kebab(MissingValues.ZERO));
            return false;
        }
        FeatureList features = source.mapping().features();
        Set<String> names = new HashSet<>(features.columnNames());
        for (String name : features.indicators().keySet()) {
            if (names.contains(name)) {
                settings.problem(
                        settings.assignment(MISSING_INDICATOR)
                                + ": features has the column \""
                                + name
                                + "\" already");
            }
        }
        return true;
    }

    /** Returns whether examples have only the features that are not 0. */
    public boolean isSparse() {
        return encoding != FeatureEncoding.COLUMNS;
    }

    /** Returns the configuration of an encoding of features, by key. */
    public static Map<String, String> encodingParameters(
            FeatureEncoding encoding, int numFeatures) {
        Map<String, String> values = new TreeMap<>();
        values.put(ENCODING.name(), Key.kebab(encoding));
        if (encoding == FeatureEncoding.HASHED) {
            values.put(
                    HASH_BITS.name(), Integer.toString(Integer.numberOfTrailingZeros(numFeatures)));
        }
        return values;
    }

    private static FeatureEncoding encoding(Settings settings, FeatureList features) {
        FeatureEncoding encoding = settings.get(ENCODING);
        if (encoding != FeatureEncoding.COLUMNS
                && settings.get(MISSING).filter(MissingValues.MEAN::equals).isPresent()) {
            settings.problem(
                    settings.assignment(MISSING)
                            + " with "
                            + settings.assignment(ENCODING)
                            + ": a missing value is absent there, as a 0 is; set "
                            + MISSING
                            + " to "
                            + Key.kebab(MissingValues.ZERO));
        }
        if (encoding == FeatureEncoding.HASHED) {
            return encoding;
        }
        settings.refuseIneffective(ENCODING, List.of(), List.of(HASH_BITS));
        String remedy = "set " + ENCODING + " = " + Key.kebab(FeatureEncoding.HASHED);
        if (features.takesOthers()) {
            settings.problem(
                    settings.assignment(FieldMapping.FEATURES)
                            + ": * has no columns that are known beforehand: "
                            + remedy
                            + ", or list the fields, which freshet inspect proposes");
        }
        for (FeatureField field : features.fields()) {
            if (field.kind() == FeatureKind.TEXT) {
                settings.problem(
                        FieldMapping.FEATURES
                                + ": "
                                + field.path()
                                + " is a text, whose words can only be hashed: "
                                + remedy);
            } else if (field.isOpen()) {
                settings.problem(
                        FieldMapping.FEATURES
                                + ": "
                                + field.path()
                                + " is categorical: its categories are missing, as in "
                                + field.path()
                                + ":categorical(red|green|blue); or "
                                + remedy);
            }
        }
        return encoding;
    }

    /**
     * Returns the treatment of missing features, whose default depends on the format and on the
     * encoding of the features.
     */
    public static MissingValues missing(Settings settings) {
        Optional<MissingValues> given = settings.get(MISSING);
        if (settings.get(ENCODING) != FeatureEncoding.COLUMNS) {
            return given.filter(MissingValues.DEAD_LETTER::equals).orElse(MissingValues.ZERO);
        }
        return given.orElse(
                settings.get(SourceConfig.FORMAT) == SourceFormat.JSON
                        ? MissingValues.MEAN
                        : MissingValues.DEAD_LETTER);
    }

    private static int numFeatures(
            Settings settings, SourceConfig source, boolean missingIndicator) {
        Optional<Integer> given = settings.get(NUM_FEATURES);
        FeatureEncoding encoding = settings.get(ENCODING);
        if (encoding == FeatureEncoding.HASHED) {
            if (given.isPresent()) {
                settings.problem(
                        settings.assignment(NUM_FEATURES)
                                + " has no effect with "
                                + settings.assignment(ENCODING)
                                + ": set "
                                + HASH_BITS);
            }
            return 1 << settings.get(HASH_BITS);
        }
        if (encoding == FeatureEncoding.COLUMNS && given.orElse(1) > MAX_COLUMNS) {
            settings.problem(
                    settings.assignment(NUM_FEATURES)
                            + ": must be at most "
                            + MAX_COLUMNS
                            + " with "
                            + settings.assignment(ENCODING));
            return 1;
        }
        if (source.format() == SourceFormat.FRESHET) {
            if (settings.text(NUM_FEATURES).equals("auto")) {
                settings.problem(
                        "num-features is missing: a whole number of features, 1 to " + MAX_COLUMNS);
            }
            return given.orElse(1) * (missingIndicator ? 2 : 1);
        }
        FeatureList features = source.mapping().features();
        int columns = Math.max(1, features.numColumns());
        if (given.isPresent() && given.get() != columns) {
            settings.problem(
                    settings.assignment(NUM_FEATURES)
                            + ": features has "
                            + columns
                            + " columns; leave num-features out");
        }
        return columns + (missingIndicator ? features.indicators().size() : 0);
    }

    /** Returns the fields of a mapped message that are features, with their columns. */
    FeatureColumns featureColumns() {
        FieldMapping mapping = source.mapping();
        return new FeatureColumns(
                mapping.features(),
                mapping.paths(),
                encoding == FeatureEncoding.HASHED ? numFeatures : 0,
                missingIndicator,
                missing == MissingValues.DEAD_LETTER);
    }

    /** Returns the number of dense features that an event in Freshet's own format has. */
    int numSentFeatures() {
        return missingIndicator ? numFeatures / 2 : numFeatures;
    }

    /**
     * Returns the number of target values that a label has in addition to its class index: one per
     * class, or 0 if labels are single classes.
     */
    public int numTargets() {
        return labelType == LabelType.CLASS ? 0 : numClasses();
    }

    private static @Nullable Integer ignoreIndex(Settings settings) {
        Integer ignoreIndex = settings.get(LABEL_IGNORE_INDEX).orElse(null);
        LabelType labelType = settings.get(LABEL_TYPE);
        if (ignoreIndex != null && labelType != LabelType.CLASS) {
            settings.problem(
                    "label.ignore-index = "
                            + ignoreIndex
                            + " with label.type = "
                            + Key.kebab(labelType)
                            + ": can only be set if label.type is class");
            return null;
        }
        return ignoreIndex;
    }

    /** Returns the class names; empty if they are not given. Adds problems to the settings. */
    public static List<String> givenClasses(Settings settings) {
        return settings.text(CLASSES).isEmpty() ? List.of() : classes(settings);
    }

    /** Returns the class names; a single whole number stands for as many. */
    private static List<String> names(List<String> given) {
        return given.size() == 1 && given.get(0).matches("[0-9]{1,6}")
                ? IntStream.range(0, Integer.parseInt(given.get(0)))
                        .mapToObj(Integer::toString)
                        .toList()
                : given;
    }

    private static List<String> classes(Settings settings) {
        List<String> standIn = List.of("0", "1");
        List<String> given = settings.get(CLASSES);
        List<String> names = names(given);
        if (isOpen(given)) {
            return List.of();
        }
        if (given.isEmpty()) {
            return standIn; // the settings have reported that the key is missing
        }
        if (names.size() < 2) {
            settings.problem(
                    "classes = " + String.join(",", given) + ": at least two classes are required");
            return standIn;
        }
        Set<String> seen = new HashSet<>();
        for (String name : names) {
            if (!seen.add(name)) {
                settings.problem("classes contains " + name + " twice");
                return standIn;
            }
        }
        return names;
    }
}
