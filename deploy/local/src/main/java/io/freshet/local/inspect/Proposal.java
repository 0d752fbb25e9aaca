package io.freshet.local.inspect;

import io.freshet.config.Key;
import io.freshet.features.ExamplePart;
import io.freshet.features.FeatureField;
import io.freshet.features.FeatureKind;
import io.freshet.features.FeatureList;
import io.freshet.features.FieldPath;
import io.freshet.features.MessageLimits;
import io.freshet.ingest.ClassNames;
import io.freshet.ingest.FeatureEncoding;
import io.freshet.ingest.IngestConfig;
import io.freshet.ingest.MissingValues;
import io.freshet.ingest.mapping.FieldMapping;
import io.freshet.ingest.mapping.FieldSource;
import io.freshet.local.cli.UserException;
import io.freshet.local.table.DeclaredKind;
import io.freshet.local.table.NumberStyle;
import io.freshet.text.QuotedList;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Settings of a job that fit the examples of a file or a topic: which field is the label, which are
 * features and of which kind, and what could not be used.
 */
public final class Proposal {
    /** Number of different texts up to which a field that was not chosen is categorical. */
    private static final int MAX_GUESSED_CATEGORIES = 100;

    /** Number of values from which on it means something that no value occurs twice. */
    private static final int MIN_DISTINCT = 10;

    private static final int MAX_CLASSES = 1000;

    /** Number of columns beyond which a dense model of features that are mostly 0 is wasteful. */
    static final int MAX_DENSE_COLUMNS = 1000;

    /** Fraction of numbers from which on a field of texts is reported as numeric with errors. */
    private static final double MOSTLY = 0.9;

    private static final Pattern LABEL_NAME =
            Pattern.compile("label|class|target|y|outcome", Pattern.CASE_INSENSITIVE);
    private static final Pattern ID_NAME =
            Pattern.compile(
                    "(?i:(.*[_"
                        + " .-])?(id|uuid|guid|key|index|idx|nr|no|row))|.*[a-z](Id|ID|Uuid|Key)");
    private static final Pattern UNNAMED = Pattern.compile("column [0-9]+|Unnamed: [0-9]+");

    /** Parts in the order in which they are best read. */
    private static final List<ExamplePart> SHOWN_PARTS =
            List.of(
                    ExamplePart.LABEL,
                    ExamplePart.ID,
                    ExamplePart.TIMESTAMP,
                    ExamplePart.MODEL,
                    ExamplePart.WEIGHT);

    private static final String NO_VALUES = "it has no values that a feature can have";

    /** Fields of a sparse file, which has no names for them. */
    private static final FieldPath SPARSE_LABEL = FieldPath.of("label");

    private static final FieldPath SPARSE_WEIGHT = FieldPath.of("weight");
    private static final FieldPath SPARSE_TAG = FieldPath.of("tag");

    /**
     * Ratio of the distance from 0 to the width of the band in which values lie, from which on they
     * are counted from an origin: floats then round them at least so much less.
     */
    private static final double NARROW = 16;

    /**
     * Field that is no feature.
     *
     * @param reason clause such as {@code it numbers the rows}
     */
    public record Unused(FieldPath path, String reason) {}

    private final DataProfile profile;
    private final boolean absentIsZero;
    private final List<String> assumptions = new ArrayList<>();
    private final List<Unused> unused = new ArrayList<>();
    private final List<FeatureField> features = new ArrayList<>();
    private final List<FieldPath> others = new ArrayList<>();
    private final List<FeatureField> onlyHashed = new ArrayList<>();
    private final Map<String, Long> classes = new LinkedHashMap<>();
    private final Map<FieldPath, NumberStyle> numberStyles = new HashMap<>();
    private final Map<NumberStyle, List<String>> commas = new EnumMap<>(NumberStyle.class);
    private final List<String> warnings = new ArrayList<>();
    private final Map<ExamplePart, FieldSource> parts = new EnumMap<>(ExamplePart.class);
    private final FieldMapping given;
    private final @Nullable String encoding;
    private final boolean hashes;
    private final @Nullable String ignoredLabel;
    private long labelled;
    private long ignored;

    private Proposal(DataProfile profile, boolean absentIsZero, Map<String, String> settings) {
        this.profile = profile;
        this.absentIsZero = absentIsZero;
        given = FieldChoice.mapping(settings);
        encoding = settings.get(IngestConfig.ENCODING.name());
        hashes = Key.kebab(FeatureEncoding.HASHED).equalsIgnoreCase(encoding);
        ignoredLabel = settings.get(IngestConfig.LABEL_IGNORE_INDEX.name());
    }

    /**
     * Returns a proposal.
     *
     * @param choice what is known about the fields
     * @param absentIsZero whether a field that a row does not have is 0, and not missing
     * @param settings settings of the job that are given; what they map is not guessed
     * @throws UserException if no job could learn from the examples, or if a field that is mapped
     *     does not exist
     */
    public static Proposal of(
            DataProfile profile,
            FieldChoice choice,
            boolean absentIsZero,
            Map<String, String> settings) {
        Proposal proposal = new Proposal(profile, absentIsZero, settings);
        proposal.requireMappedFields();
        proposal.chooseParts(choice);
        proposal.findClasses();
        proposal.findFeatures(choice);
        proposal.addPartStyles();
        return proposal;
    }

    private void requireMappedFields() {
        List<String> missing = new ArrayList<>();
        for (FeatureField field : given.features().fields()) {
            List<FieldPath> paths =
                    field.isList()
                            ? IntStream.range(field.from(), field.to())
                                    .mapToObj(field.path()::element)
                                    .toList()
                            : List.of(field.path());
            paths.stream()
                    .filter(path -> profile.field(path) == null)
                    .findFirst()
                    .ifPresent(path -> missing.add(path.toString()));
        }
        given.sources()
                .forEach(
                        (part, source) -> {
                            if (profile.values(source) == null && !isList(source.path())) {
                                missing.add(source.toString());
                            }
                        });
        if (!missing.isEmpty()) {
            throw new UserException(
                    "there is no field "
                            + String.join(", ", missing)
                            + ", which the settings map; there are "
                            + FieldChoice.names(profile, FieldPath::toString));
        }
    }

    private boolean isList(@Nullable FieldPath path) {
        return path != null && profile.field(path.element(0)) != null;
    }

    private void chooseParts(FieldChoice choice) {
        choose(ExamplePart.ID, "--id", choice.id(profile));
        choose(ExamplePart.TIMESTAMP, "--time", choice.time(profile));
        choose(ExamplePart.MODEL, "--model", choice.model(profile));
        choose(ExamplePart.WEIGHT, "--weight", choice.weight(profile));
        choose(ExamplePart.LABEL, "--label", choice.label(profile));
        if (absentIsZero) {
            guess(ExamplePart.WEIGHT, SPARSE_WEIGHT);
            guess(ExamplePart.ID, SPARSE_TAG);
            guess(ExamplePart.LABEL, SPARSE_LABEL);
        } else if (!parts.containsKey(ExamplePart.LABEL)) {
            guessLabel();
        }
    }

    private void choose(ExamplePart part, String option, @Nullable FieldPath chosen) {
        FieldSource mapped = given.sources().get(part);
        if (mapped != null && chosen != null && !mapped.equals(FieldSource.of(chosen))) {
            throw new UserException(
                    option + " " + chosen + " contradicts " + Key.kebab(part) + "=" + mapped);
        }
        if (mapped != null) {
            parts.put(part, mapped);
        } else if (chosen != null) {
            parts.put(part, FieldSource.of(chosen));
        }
    }

    private void guess(ExamplePart part, FieldPath path) {
        if (profile.field(path) != null) {
            parts.putIfAbsent(part, FieldSource.of(path));
        }
    }

    private void guessLabel() {
        for (FieldProfile field : profile.fields()) {
            if (LABEL_NAME.matcher(field.path().toString()).matches()) {
                assumptions.add(
                        "the label is \""
                                + field.path().displayName()
                                + "\" (--label sets another)");
                parts.put(ExamplePart.LABEL, FieldSource.of(field.path()));
                return;
            }
        }
        throw new UserException(
                "which field is the label? --label says so; there are "
                        + FieldChoice.names(profile, FieldPath::displayName));
    }

    private void findClasses() {
        FieldProfile field = profile.values(labelSource());
        if (isList(labelSource().path())) {
            throw new UserException(
                    "\"" + labelName() + "\" is a list of values: classes are found in names only");
        }
        if (field == null || field.values() == 0) {
            throw new UserException("no row has a label in \"" + labelName() + "\"");
        }
        Map<String, Long> counts = field.counts();
        if (counts == null || counts.size() > MAX_CLASSES) {
            throw new UserException(
                    "\""
                            + labelName()
                            + "\" has more than "
                            + MAX_CLASSES
                            + " different values: it is no label of classes");
        }
        Set<String> names = new LinkedHashSet<>(classNames(field, counts));
        boolean numbers = names.stream().allMatch(ClassNames::isWholeNumber);
        if (numbers && ignoredLabel != null && names.remove(ignoredLabel)) {
            ignored = counts.getOrDefault(ignoredLabel, 0L);
        }
        for (String name : names) {
            long count = counts.getOrDefault(name, 0L);
            classes.put(name, count);
            labelled += count;
        }
        if (classes.size() < 2) {
            throw new UserException(
                    "\""
                            + labelName()
                            + "\" must have at least two different labels, but has "
                            + classes.size());
        }
    }

    /** Returns the names of the labels in order: those that are declared, else those there are. */
    private static List<String> classNames(FieldProfile field, Map<String, Long> counts) {
        DeclaredKind declared = field.declared();
        if (declared != null && declared.type() == DeclaredKind.Type.NOMINAL) {
            return declared.names();
        }
        Set<String> names = new LinkedHashSet<>(counts.keySet());
        names.removeIf(ClassNames::isMissing);
        return FieldProfile.sorted(names);
    }

    private FieldSource labelSource() {
        return parts.getOrDefault(ExamplePart.LABEL, FieldSource.of(SPARSE_LABEL));
    }

    /** Returns the name of the label's field, or of its place outside the fields. */
    public String labelName() {
        FieldPath path = labelSource().path();
        return path == null ? labelSource().toString() : path.displayName();
    }

    private @Nullable FieldPath path(ExamplePart part) {
        FieldSource source = parts.get(part);
        return source == null ? null : source.path();
    }

    /** Notes how the numbers of a weight or a time are written. */
    private void addPartStyles() {
        for (ExamplePart part : List.of(ExamplePart.WEIGHT, ExamplePart.TIMESTAMP)) {
            FieldPath path = path(part);
            FieldProfile field = path == null ? null : profile.field(path);
            if (field != null && field.isNumeric()) {
                addStyle(field);
            }
        }
    }

    private void findFeatures(FieldChoice choice) {
        List<FieldPath> chosen = choice.features(profile);
        List<FieldPath> dropped = choice.dropped(profile);
        if (given.features().takesOthers() || !given.features().fields().isEmpty()) {
            if (!chosen.isEmpty() || !dropped.isEmpty()) {
                throw new UserException("features is set: --features and --drop cannot be, too");
            }
            addGivenFeatures();
            return;
        }
        List<FieldProfile> fields = profile.fields();
        boolean first = true;
        for (int i = 0; i < fields.size(); i++) {
            FieldProfile field = fields.get(i);
            FieldPath path = field.path();
            if (isPart(path)) {
                continue;
            }
            if (dropped.contains(path)) {
                unused.add(new Unused(path, "--drop"));
            } else if (!chosen.isEmpty() && !chosen.contains(path)) {
                unused.add(new Unused(path, "it is not among --features"));
            } else {
                int listEnd = chosen.isEmpty() ? endOfList(fields, i) : i + 1;
                if (listEnd > i + 1) {
                    addList(fields, i, listEnd);
                    i = listEnd - 1;
                } else {
                    addFeature(field, chosen.contains(path), first);
                }
            }
            first = false;
        }
        if (absentIsZero && features.stream().allMatch(field -> isIndex(field.path()))) {
            features.sort(Comparator.comparingLong(field -> Long.parseLong(field.path().name())));
        }
        if (features.isEmpty()) {
            throw new UserException(
                    "there is no feature besides the label \""
                            + labelName()
                            + "\""
                            + (unused.isEmpty()
                                    ? ""
                                    : "; "
                                            + unused.get(0).path()
                                            + " is left out: "
                                            + unused.get(0).reason())
                            + (onlyHashed.isEmpty()
                                    ? ""
                                    : "; --set features.encoding=hashed takes "
                                            + onlyHashed.stream()
                                                    .map(field -> field.path().toString())
                                                    .collect(Collectors.joining(", "))));
        }
    }

    private static boolean isIndex(FieldPath path) {
        return ClassNames.isWholeNumber(path.name());
    }

    /** Adds the features that the settings map, with their kinds. */
    private void addGivenFeatures() {
        Set<FieldPath> mapped = new HashSet<>();
        for (FeatureField feature : given.features().fields()) {
            features.add(feature);
            if (feature.isList()) {
                for (int i = feature.from(); i < feature.to(); i++) {
                    mapped.add(feature.path().element(i));
                }
            } else {
                mapped.add(feature.path());
                FieldProfile field = profile.field(feature.path());
                if (feature.kind() == FeatureKind.NUMERIC && field != null) {
                    tellNumbers(field, feature.origin());
                }
            }
        }
        for (FieldProfile field : profile.fields()) {
            if (!mapped.contains(field.path()) && !isPart(field.path())) {
                addOther(field);
            }
        }
    }

    /** Adds a field that the settings do not map, which may be among those that they take, too. */
    private void addOther(FieldProfile field) {
        if (!given.features().takesOthers()) {
            unused.add(new Unused(field.path(), "it is not among features"));
        } else if (parts.containsValue(FieldSource.of(field.path()))) {
            return; // mapped, and so no other field
        } else if (field.values() == 0) {
            unused.add(new Unused(field.path(), NO_VALUES));
        } else {
            tellNumbers(field, 0);
            others.add(field.path());
        }
    }

    /** Tells how the numbers of a given feature are read, if its values are numbers. */
    private void tellNumbers(FieldProfile field, double origin) {
        if (field.isNumeric()) {
            addStyle(field);
            tellTooLarge(field);
            tellRounding(field, origin);
        }
    }

    private boolean isPart(FieldPath path) {
        return path.equals(path(ExamplePart.LABEL))
                || path.equals(path(ExamplePart.ID))
                || path.equals(path(ExamplePart.MODEL))
                || path.equals(path(ExamplePart.WEIGHT))
                || (path.equals(path(ExamplePart.TIMESTAMP)) && !isIsoTime(path));
    }

    private boolean isIsoTime(FieldPath path) {
        FieldProfile field = profile.field(path);
        return field != null && field.isTime();
    }

    /** Returns the index after the last of consecutive members of one list of plain numbers. */
    private int endOfList(List<FieldProfile> fields, int from) {
        FieldPath first = fields.get(from).path();
        int end = from;
        while (end < fields.size()
                && fields.get(end).path().isElementAfter(first, end - from)
                && isPlainNumber(fields.get(end))
                && fields.get(end).values() == profile.rows()) {
            end++;
        }
        return end;
    }

    private static boolean isPlainNumber(FieldProfile field) {
        return field.isNumeric()
                && field.style() == NumberStyle.PLAIN
                && field.summary().rounded() == 0;
    }

    private void addList(List<FieldProfile> fields, int from, int to) {
        FieldPath first = fields.get(from).path();
        int index = first.lastIndex();
        fields.subList(from, to).forEach(this::tellTooLarge);
        features.add(
                new FeatureField(
                        first.parent(),
                        index,
                        index + to - from,
                        FeatureKind.NUMERIC,
                        List.of(),
                        0));
    }

    private void addFeature(FieldProfile field, boolean chosen, boolean first) {
        FieldPath path = field.path();
        boolean manyDistinct = field.isDistinct() && field.values() >= MIN_DISTINCT;
        DeclaredKind declared = field.declared();
        if (field.values() == 0) {
            unused.add(new Unused(path, NO_VALUES));
        } else if (declared != null && declared.type() == DeclaredKind.Type.NOMINAL) {
            addNominal(field, declared.names());
        } else if (declared != null && declared.type() == DeclaredKind.Type.TEXT) {
            addText(field, chosen, manyDistinct);
        } else if (field.isNumeric()) {
            boolean numbersRows =
                    field.isSequence()
                            && manyDistinct
                            && (first || UNNAMED.matcher(path.name()).matches());
            if (!chosen && numbersRows) {
                unused.add(new Unused(path, "it numbers the rows"));
            } else if (!chosen && manyDistinct && field.isInteger() && hasIdName(path)) {
                addId(path);
            } else {
                addNumeric(field);
            }
        } else if (field.isBoolean()) {
            features.add(FeatureField.of(path, FeatureKind.BOOLEAN));
        } else if (field.isTime()) {
            features.add(FeatureField.of(path, FeatureKind.TIME));
            parts.putIfAbsent(ExamplePart.TIMESTAMP, FieldSource.of(path));
        } else if (field.numbers() == field.values()) {
            unused.add(
                    new Unused(
                            path,
                            "its numbers are written in different ways, such as "
                                    + field.withPoint()
                                    + " and "
                                    + field.withComma()));
        } else if (field.numbers() >= MOSTLY * field.values()) {
            unused.add(
                    new Unused(
                            path,
                            field.numbers()
                                    + " of "
                                    + field.values()
                                    + " values are numbers, but \""
                                    + field.notANumber()
                                    + "\" is none"));
        } else {
            addText(field, chosen, manyDistinct);
        }
    }

    private static boolean hasIdName(FieldPath path) {
        return ID_NAME.matcher(path.name()).matches();
    }

    private void addId(FieldPath path) {
        parts.putIfAbsent(ExamplePart.ID, FieldSource.of(path));
        unused.add(new Unused(path, "it looks like an id: no value occurs twice"));
    }

    private void addNumeric(FieldProfile field) {
        double origin = origin(field.summary());
        addStyle(field);
        tellTooLarge(field);
        if (origin != 0) {
            assumptions.add(
                    name(field)
                            + " is counted from "
                            + text(origin)
                            + ", since floats cannot hold numbers of its size");
        }
        tellRounding(field, origin);
        features.add(FeatureField.numeric(field.path(), origin));
    }

    /** Returns the number from which values are counted, so that floats hold them; 0 for none. */
    private static double origin(NumberSummary numbers) {
        double nearest = Math.min(Math.abs(numbers.min()), Math.abs(numbers.max()));
        boolean oneSided = (numbers.min() > 0) == (numbers.max() > 0);
        return numbers.rounded() > 0
                        && oneSided
                        && numbers.max() - numbers.min() <= nearest / NARROW
                ? Math.floor(numbers.min())
                : 0;
    }

    private void tellRounding(FieldProfile field, double origin) {
        NumberSummary numbers = field.summary();
        double size = Math.max(Math.abs(numbers.min()), Math.abs(numbers.max()));
        double distance =
                Math.max(Math.abs(numbers.min() - origin), Math.abs(numbers.max() - origin));
        double unit = Math.max(Math.ulp(size), Math.ulp((float) distance));
        if (numbers.rounded() > 0 && unit > 1) {
            String rounded = origin == 0 ? numbers.rounded() + " of " + field.values() : "the";
            assumptions.add(
                    rounded
                            + " values of "
                            + name(field)
                            + " are rounded to multiples of up to "
                            + text(unit)
                            + " where they become floats");
        }
    }

    private void tellTooLarge(FieldProfile field) {
        long count = field.summary().tooLarge();
        if (count > 0) {
            warnings.add(
                    String.format(
                            Locale.ROOT,
                            "%,d %s of %s infinite or too large for a float, and %s",
                            count,
                            count == 1 ? "value" : "values",
                            name(field) + (count == 1 ? " is" : " are"),
                            count == 1 ? "becomes a dead letter" : "become dead letters"));
        }
    }

    private static String name(FieldProfile field) {
        return "\"" + field.path().displayName() + "\"";
    }

    private void addStyle(FieldProfile field) {
        NumberStyle style = field.style();
        if (numberStyles.put(field.path(), style) != null) {
            return; // told already
        }
        String comma = field.withComma();
        String example = comma == null ? field.withPoint() : comma;
        if (field.isAmbiguous() && example != null && tellsAmbiguity(field)) {
            assumptions.add(
                    example
                            + " in "
                            + name(field)
                            + " is read as "
                            + style.normalise(example)
                            + "; it could also be "
                            + field.otherStyle().normalise(example));
        } else if (style != NumberStyle.PLAIN) {
            commas.computeIfAbsent(style, s -> new ArrayList<>()).add(name(field));
        }
    }

    /** Returns whether it is not the rule that a field is read as it is: with decimal points. */
    private boolean tellsAmbiguity(FieldProfile field) {
        return field.style() != NumberStyle.PLAIN || profile.mayHaveDecimalCommas();
    }

    private void addNominal(FieldProfile field, List<String> names) {
        Map<String, Long> counts = field.counts();
        if (names.size() > MessageLimits.CATEGORIES) {
            addOpen(
                    FeatureField.of(field.path(), FeatureKind.CATEGORICAL),
                    "it has more than " + MessageLimits.CATEGORIES + " declared names");
        } else if (counts != null && counts.size() == 1) {
            unused.add(new Unused(field.path(), "it always has the same value"));
        } else {
            features.add(FeatureField.categorical(field.path(), names));
        }
    }

    private void addText(FieldProfile field, boolean chosen, boolean manyDistinct) {
        FieldPath path = field.path();
        Map<String, Long> counts = field.counts();
        boolean sentences = field.texts().areSentences();
        boolean id =
                !(sentences && field.texts().haveSpaces())
                        && (manyDistinct || (field.isDistinct() && hasIdName(path)));
        boolean unique = !chosen && manyDistinct;
        int most = chosen && !hashes ? MessageLimits.CATEGORIES : MAX_GUESSED_CATEGORIES;
        if (!chosen && id) {
            addId(path);
        } else if (unique || counts == null || counts.size() > most) {
            addOpen(
                    FeatureField.of(path, sentences ? FeatureKind.TEXT : FeatureKind.CATEGORICAL),
                    sentences
                            ? "it is text, whose words can only be hashed"
                            : "it is text with more than "
                                    + most
                                    + " different values"
                                    + (chosen || counts == null
                                            ? ""
                                            : "; --features takes it nevertheless"));
        } else if (counts.size() == 1) {
            unused.add(new Unused(path, "it always has the same value"));
        } else {
            features.add(FeatureField.categorical(path, field.sortedValues()));
        }
    }

    /** Adds a field whose values are too many for columns: they can only be hashed. */
    private void addOpen(FeatureField field, String reason) {
        if (hashes) {
            features.add(field);
        } else {
            unused.add(new Unused(field.path(), reason));
            onlyHashed.add(field);
        }
    }

    private static String text(double number) {
        return new BigDecimal(number).toPlainString();
    }

    /** Returns the job's settings that fit, in the order in which they are best read. */
    public Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("features", featureList().toString());
        for (ExamplePart part : SHOWN_PARTS) {
            FieldSource source = parts.get(part);
            if (source != null) {
                settings.put(Key.kebab(part), source.toString());
            }
        }
        settings.put("classes", QuotedList.format(List.copyOf(classes.keySet())));
        if (absentIsZero) {
            settings.put(IngestConfig.MISSING.name(), Key.kebab(MissingValues.ZERO));
        }
        if (isSparse()) {
            settings.put(IngestConfig.ENCODING.name(), Key.kebab(FeatureEncoding.SPARSE));
        }
        return settings;
    }

    /** Returns whether it proposes to keep only the features that are not 0. */
    private boolean isSparse() {
        return encoding == null && absentIsZero && featureList().numColumns() > MAX_DENSE_COLUMNS;
    }

    /** Returns whether the features are all fields that are no part, and all of them numbers. */
    boolean takesAllNumbers() {
        return absentIsZero && unused.isEmpty();
    }

    /** Returns the places of the label, the id, the time, the model and the weight. */
    Map<ExamplePart, FieldSource> parts() {
        return parts;
    }

    /** Returns how many examples each model has; empty if the models are not known. */
    Map<String, Long> models() {
        FieldSource source = parts.get(ExamplePart.MODEL);
        FieldProfile field = source == null ? null : profile.values(source);
        Map<String, Long> counts = field == null ? null : field.counts();
        return counts == null ? Map.of() : counts;
    }

    /** Returns the features. */
    public FeatureList featureList() {
        return new FeatureList(features, given.features().takesOthers());
    }

    /** Returns the fields that can only be hashed, since their values are too many for columns. */
    List<FeatureField> onlyHashed() {
        return onlyHashed;
    }

    /** Returns the fields that are features since the given ones take all others. */
    List<FieldPath> others() {
        return others;
    }

    /** Returns the classes in their order, and how many examples each has. */
    public Map<String, Long> classes() {
        return classes;
    }

    /** Returns the number of examples without a label. */
    public long unlabelled() {
        return profile.rows() - labelled - ignored;
    }

    /** Returns the number of examples whose label says that they are ignored. */
    public long ignored() {
        return ignored;
    }

    /** Returns the style of each numeric field. */
    public Map<FieldPath, NumberStyle> numberStyles() {
        return numberStyles;
    }

    /** Returns what was assumed, a sentence each without its full stop. */
    public List<String> assumptions() {
        List<String> all = new ArrayList<>(assumptions);
        commas.forEach(
                (style, names) ->
                        all.add(
                                "commas in "
                                        + String.join(", ", names)
                                        + " are "
                                        + (style == NumberStyle.THOUSANDS
                                                ? "between groups of digits"
                                                : "decimal points")));
        return all;
    }

    /**
     * Returns what will not be used of the fields that are, a sentence each without its full stop.
     */
    public List<String> warnings() {
        return List.copyOf(warnings);
    }

    /** Returns the fields that are no features, and why. */
    public List<Unused> unused() {
        return List.copyOf(unused);
    }

    /** Returns the number of missing values of each feature that has any, by its path. */
    public Map<FieldPath, Long> missing() {
        Map<FieldPath, Long> missing = new LinkedHashMap<>();
        for (FeatureField feature : features) {
            long absent = 0;
            if (feature.isList()) {
                for (int i = feature.from(); i < feature.to(); i++) {
                    absent += absent(feature.path().element(i));
                }
            } else {
                absent = absent(feature.path());
            }
            if (!absentIsZero && absent > 0) {
                missing.put(feature.path(), absent);
            }
        }
        return missing;
    }

    private long absent(FieldPath path) {
        FieldProfile field = profile.field(path);
        return profile.rows() - (field == null ? 0 : field.values());
    }
}
