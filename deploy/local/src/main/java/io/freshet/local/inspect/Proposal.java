package io.freshet.local.inspect;

import io.freshet.config.QuotedList;
import io.freshet.ingest.ClassNames;
import io.freshet.ingest.mapping.FeatureField;
import io.freshet.ingest.mapping.FeatureKind;
import io.freshet.ingest.mapping.FeatureList;
import io.freshet.ingest.mapping.FieldPath;
import io.freshet.ingest.mapping.FieldSource;
import io.freshet.local.cli.UserException;
import io.freshet.local.table.NumberStyle;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Settings of a job that fit the examples of a file or a topic: which field is the label, which are
 * features and of which kind, and what could not be used.
 */
public final class Proposal {
    /** Number of different texts up to which a field is proposed as categorical. */
    private static final int MAX_CATEGORIES = 100;

    /** Number of values from which on it means something that no value occurs twice. */
    private static final int MIN_DISTINCT = 10;

    private static final int MAX_CLASSES = 1000;

    /** Fraction of numbers from which on a field of texts is reported as numeric with errors. */
    private static final double MOSTLY = 0.9;

    private static final Pattern LABEL_NAME =
            Pattern.compile("label|class|target|y|outcome", Pattern.CASE_INSENSITIVE);
    private static final Pattern ID_NAME =
            Pattern.compile(
                    "(?i:(.*[_"
                        + " .-])?(id|uuid|guid|key|index|idx|nr|no|row))|.*[a-z](Id|ID|Uuid|Key)");
    private static final Pattern UNNAMED = Pattern.compile("column [0-9]+|Unnamed: [0-9]+");

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
    private final List<FeatureField> onlyHashed = new ArrayList<>();
    private final Map<String, Long> classes = new LinkedHashMap<>();
    private final Map<FieldPath, NumberStyle> numberStyles = new HashMap<>();
    private FieldPath label = FieldPath.of("label");
    private @Nullable FieldPath id;
    private @Nullable FieldPath time;
    private @Nullable FieldPath model;
    private @Nullable FieldPath weight;
    private long labelled;
    private long ignored;

    private Proposal(DataProfile profile, boolean absentIsZero) {
        this.profile = profile;
        this.absentIsZero = absentIsZero;
    }

    /**
     * Returns a proposal.
     *
     * @param choice what is known about the fields
     * @param absentIsZero whether a field that a row does not have is 0, and not missing
     * @param ignoredLabel label of examples that are ignored, which is no class; null for none
     * @throws UserException if no job could learn from the examples
     */
    public static Proposal of(
            DataProfile profile,
            FieldChoice choice,
            boolean absentIsZero,
            @Nullable String ignoredLabel) {
        Proposal proposal = new Proposal(profile, absentIsZero);
        proposal.chooseParts(choice);
        proposal.findClasses(ignoredLabel);
        proposal.findFeatures(choice);
        return proposal;
    }

    private void chooseParts(FieldChoice choice) {
        label = chooseLabel(choice);
        id = choice.id(profile);
        time = choice.time(profile);
        model = choice.model(profile);
        weight = choice.weight(profile);
        if (absentIsZero && weight == null && profile.field(FieldPath.of("weight")) != null) {
            weight = FieldPath.of("weight");
        }
    }

    private FieldPath chooseLabel(FieldChoice choice) {
        String given = choice.label();
        if (absentIsZero) {
            return FieldPath.of("label"); // such a file has no names
        }
        if (given != null) {
            return FieldChoice.field("--label", given, profile);
        }
        for (FieldProfile field : profile.fields()) {
            if (LABEL_NAME.matcher(field.path().toString()).matches()) {
                assumptions.add(
                        "the label is \""
                                + field.path().displayName()
                                + "\" (--label sets another)");
                return field.path();
            }
        }
        throw new UserException("which field is the label? --label says so");
    }

    private void findClasses(@Nullable String ignoredLabel) {
        FieldProfile field = profile.field(label);
        if (field == null || field.values() == 0) {
            throw new UserException("no row has a label in \"" + label.displayName() + "\"");
        }
        Map<String, Long> counts = field.counts();
        if (counts == null || counts.size() > MAX_CLASSES) {
            throw new UserException(
                    "\""
                            + label.displayName()
                            + "\" has more than "
                            + MAX_CLASSES
                            + " different values: it is no"
                            + " label of classes");
        }
        Set<String> names = new LinkedHashSet<>(counts.keySet());
        names.removeIf(name -> ClassNames.isMissing(name));
        boolean numbers = names.stream().allMatch(ClassNames::isWholeNumber);
        if (numbers && ignoredLabel != null && names.remove(ignoredLabel)) {
            ignored = counts.getOrDefault(ignoredLabel, 0L);
        }
        for (String name : FieldProfile.sorted(names)) {
            long count = counts.getOrDefault(name, 0L);
            classes.put(name, count);
            labelled += count;
        }
        if (classes.size() < 2) {
            throw new UserException(
                    "\""
                            + label.displayName()
                            + "\" must have at least two different labels, but has "
                            + classes.size());
        }
    }

    private void findFeatures(FieldChoice choice) {
        List<FieldPath> chosen = choice.features(profile);
        List<FieldPath> dropped = choice.dropped(profile);
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
                            + label.displayName()
                            + "\""
                            + (unused.isEmpty()
                                    ? ""
                                    : "; "
                                            + unused.get(0).path()
                                            + " is left out: "
                                            + unused.get(0).reason()));
        }
    }

    private static boolean isIndex(FieldPath path) {
        return ClassNames.isWholeNumber(path.name());
    }

    private boolean isPart(FieldPath path) {
        return path.equals(label)
                || path.equals(id)
                || path.equals(model)
                || path.equals(weight)
                || (path.equals(time) && !isIsoTime(path));
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
        return field.isNumeric() && field.style() == NumberStyle.PLAIN && field.fitsFloat();
    }

    private void addList(List<FieldProfile> fields, int from, int to) {
        FieldPath first = fields.get(from).path();
        int index = first.lastIndex();
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
        if (field.values() == 0) {
            unused.add(new Unused(path, "it has no values"));
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
            if (time == null) {
                time = path;
            }
        } else {
            addText(field, chosen, manyDistinct);
        }
    }

    private static boolean hasIdName(FieldPath path) {
        return ID_NAME.matcher(path.name()).matches();
    }

    private void addId(FieldPath path) {
        if (id == null) {
            id = path;
        }
        unused.add(new Unused(path, "it looks like an id: no value occurs twice"));
    }

    private void addNumeric(FieldProfile field) {
        FieldPath path = field.path();
        double origin = 0;
        if (field.style() != NumberStyle.PLAIN) {
            numberStyles.put(path, field.style());
            assumptions.add(
                    "commas in \""
                            + path.displayName()
                            + "\" are "
                            + (field.style() == NumberStyle.THOUSANDS
                                    ? "between groups of digits"
                                    : "decimal points"));
        } else {
            numberStyles.put(path, NumberStyle.PLAIN);
        }
        if (!field.fitsFloat()) {
            origin = Math.floor(field.min());
            assumptions.add(
                    "\""
                            + path.displayName()
                            + "\" is counted from "
                            + text(origin)
                            + ", since floats cannot hold numbers of its size");
        }
        features.add(FeatureField.numeric(path, origin));
    }

    private void addText(FieldProfile field, boolean chosen, boolean manyDistinct) {
        FieldPath path = field.path();
        Map<String, Long> counts = field.counts();
        boolean sentences = field.texts().areSentences();
        boolean unique = !chosen && manyDistinct;
        if (unique && !sentences && field.numbers() < MOSTLY * field.values()) {
            addId(path);
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
        } else if (unique || counts == null || counts.size() > MAX_CATEGORIES) {
            unused.add(
                    new Unused(
                            path,
                            sentences
                                    ? "it is text, whose words can only be hashed"
                                    : "it is text with more than "
                                            + MAX_CATEGORIES
                                            + " different values"));
            onlyHashed.add(
                    FeatureField.of(path, sentences ? FeatureKind.TEXT : FeatureKind.CATEGORICAL));
        } else if (counts.size() == 1) {
            unused.add(new Unused(path, "it always has the same value"));
        } else {
            features.add(FeatureField.categorical(path, field.sortedValues()));
        }
    }

    private static String text(double number) {
        return new BigDecimal(number).toPlainString();
    }

    /** Returns the job's settings that fit, in the order in which they are best read. */
    public Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("source.format", "json");
        settings.put("features", featureList().toString());
        settings.put("label", FieldSource.of(label).toString());
        put(settings, "id", id);
        put(settings, "timestamp", time);
        put(settings, "model", model);
        put(settings, "weight", weight);
        settings.put("classes", QuotedList.format(List.copyOf(classes.keySet())));
        if (absentIsZero) {
            settings.put("features.missing", "zero");
        }
        return settings;
    }

    private static void put(Map<String, String> settings, String key, @Nullable FieldPath path) {
        if (path != null) {
            settings.put(key, FieldSource.of(path).toString());
        }
    }

    /** Returns the features. */
    public FeatureList featureList() {
        return new FeatureList(features);
    }

    /** Returns the fields that can only be hashed, since their values are too many for columns. */
    List<FeatureField> onlyHashed() {
        return onlyHashed;
    }

    /** Returns the path of the label. */
    public FieldPath label() {
        return label;
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
        return List.copyOf(assumptions);
    }

    /** Returns the fields that are no features, and why. */
    public List<Unused> unused() {
        return List.copyOf(unused);
    }

    /** Returns the number of missing values of each feature that has any, by its path. */
    public Map<FieldPath, Long> missing() {
        Map<FieldPath, Long> missing = new LinkedHashMap<>();
        for (FeatureField feature : features) {
            FieldProfile field = profile.field(feature.path());
            if (!absentIsZero && field != null && field.values() < profile.rows()) {
                missing.put(feature.path(), profile.rows() - field.values());
            }
        }
        return missing;
    }
}
