package io.freshet.local.inspect;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import io.freshet.features.FieldPath;
import io.freshet.features.PathReader;
import io.freshet.ingest.mapping.FieldMapping;
import io.freshet.local.cli.UserException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Command-line options that say which field of a file or topic is what. */
public final class FieldChoice {
    private static final int MAX_NAMED = 12;

    @Option(names = "--label", paramLabel = "FIELD", description = "Field or column of the label.")
    private @Nullable String label;

    @Option(
            names = "--features",
            paramLabel = "FIELDS",
            split = ",",
            description = "Fields that are features, with commas between them (default: all).")
    private List<String> features = new ArrayList<>();

    @Option(
            names = "--drop",
            paramLabel = "FIELDS",
            split = ",",
            description = "Fields that are no features, with commas between them.")
    private List<String> drop = new ArrayList<>();

    @Option(names = "--id", paramLabel = "FIELD", description = "Field of the event's id.")
    private @Nullable String id;

    @Option(names = "--time", paramLabel = "FIELD", description = "Field of the event's time.")
    private @Nullable String time;

    @Option(names = "--model", paramLabel = "FIELD", description = "Field of the model's id.")
    private @Nullable String model;

    @Option(names = "--weight", paramLabel = "FIELD", description = "Field of the example weight.")
    private @Nullable String weight;

    /** Returns whether any option was given. */
    public boolean isGiven() {
        return label != null
                || !features.isEmpty()
                || !drop.isEmpty()
                || id != null
                || time != null
                || model != null
                || weight != null;
    }

    /** Returns what settings of a job map; empty where they map nothing. */
    static FieldMapping mapping(Map<String, String> given) {
        Map<String, String> mapped = new HashMap<>(given);
        mapped.keySet().retainAll(FieldMapping.KEYS.stream().map(Key::name).toList());
        Settings settings = Settings.of(mapped, FieldMapping.KEYS, Set.of());
        FieldMapping mapping = FieldMapping.incomplete(settings);
        settings.throwIfProblems();
        return mapping;
    }

    @Nullable FieldPath label(DataProfile profile) {
        return label == null ? null : field("--label", label, profile);
    }

    /** Returns the fields that may be features; empty for all. */
    List<FieldPath> features(DataProfile profile) {
        return features.stream().map(name -> field("--features", name, profile)).toList();
    }

    /** Returns the fields that are no features. */
    List<FieldPath> dropped(DataProfile profile) {
        return drop.stream().map(name -> field("--drop", name, profile)).toList();
    }

    @Nullable FieldPath id(DataProfile profile) {
        return id == null ? null : field("--id", id, profile);
    }

    @Nullable FieldPath time(DataProfile profile) {
        return time == null ? null : field("--time", time, profile);
    }

    @Nullable FieldPath model(DataProfile profile) {
        return model == null ? null : field("--model", model, profile);
    }

    @Nullable FieldPath weight(DataProfile profile) {
        return weight == null ? null : field("--weight", weight, profile);
    }

    /**
     * Returns the field of a name, or of a path.
     *
     * @throws UserException if there is none
     */
    static FieldPath field(String option, String name, DataProfile profile) {
        FieldPath plain = FieldPath.of(name.strip());
        if (profile.field(plain) != null) {
            return plain;
        }
        try {
            FieldPath path = PathReader.parsePath(name);
            if (profile.field(path) != null) {
                return path;
            }
        } catch (IllegalArgumentException e) {
            throw new UserException(option + " " + name + ": " + e.getMessage(), e);
        }
        throw new UserException(
                option
                        + " "
                        + name
                        + ": there is no such field; there are "
                        + names(profile, FieldPath::displayName));
    }

    /** Returns the names of the fields, with a comma between them. */
    static String names(DataProfile profile, Function<FieldPath, String> text) {
        List<String> names =
                profile.fields().stream().map(field -> text.apply(field.path())).toList();
        return names.size() <= MAX_NAMED
                ? String.join(", ", names)
                : names.stream().limit(MAX_NAMED - 1).collect(Collectors.joining(", "))
                        + ", … and "
                        + names.get(names.size() - 1);
    }
}
