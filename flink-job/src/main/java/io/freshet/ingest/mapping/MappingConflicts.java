package io.freshet.ingest.mapping;

import io.freshet.features.ExamplePart;
import io.freshet.features.FeatureField;
import io.freshet.features.FieldPath;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Check of a mapping for contradictions: a label that is also a feature, and a field that is mapped
 * with two shapes, such as a value that has members. Not thread-safe.
 */
public final class MappingConflicts {
    /**
     * Field that is mapped.
     *
     * @param key name of the key that maps it
     * @param text field as it is written in settings
     * @param range the feature, if it is a range of a list; otherwise null
     */
    private record Use(
            String key,
            String text,
            FieldPath path,
            boolean label,
            boolean feature,
            @Nullable FeatureField range) {
        private static Use of(FeatureField field) {
            return new Use(
                    FieldMapping.FEATURES.name(),
                    field.toString(),
                    field.path(),
                    false,
                    true,
                    field.isList() ? field : null);
        }

        private static Use of(ExamplePart part, FieldPath path) {
            return new Use(
                    FieldMapping.key(part).name(),
                    path.toString(),
                    path,
                    part == ExamplePart.LABEL,
                    false,
                    null);
        }
    }

    private final Map<FieldPath, List<Use>> values = new LinkedHashMap<>();
    private final Map<FieldPath, List<Use>> ranges = new HashMap<>();

    /** First use of a member of each object. */
    private final Map<FieldPath, Use> objects = new LinkedHashMap<>();

    /** First use of each list, or of a member of it. */
    private final Map<FieldPath, Use> lists = new HashMap<>();

    private final Set<String> problems = new LinkedHashSet<>();

    private MappingConflicts() {}

    /** Returns the contradictions of a mapping; each names both keys and fields. */
    public static List<String> find(FieldMapping mapping) {
        List<Use> uses = new ArrayList<>();
        mapping.features().fields().forEach(field -> uses.add(Use.of(field)));
        mapping.sources()
                .forEach(
                        (part, source) -> {
                            if (source.path() != null) {
                                uses.add(Use.of(part, source.path()));
                            }
                        });
        MappingConflicts conflicts = new MappingConflicts();
        uses.forEach(conflicts::add);
        uses.forEach(conflicts::check);
        conflicts.objects.forEach(
                (path, use) ->
                        conflicts.report(
                                use, conflicts.lists.get(path), path, "an object", "a list"));
        return List.copyOf(conflicts.problems);
    }

    private void add(Use use) {
        FieldPath path = use.path();
        (use.range() == null ? values : ranges)
                .computeIfAbsent(path, at -> new ArrayList<>())
                .add(use);
        if (use.range() != null) {
            lists.putIfAbsent(path, use);
        }
        for (int depth = path.steps().size() - 1; depth > 0; depth--) {
            boolean inList = path.steps().get(depth).isIndex();
            (inList ? lists : objects).putIfAbsent(path.first(depth), use);
        }
    }

    private void check(Use use) {
        FieldPath path = use.path();
        if (use.range() == null) {
            report(use, objects.get(path), path, "a value", "an object");
            report(use, lists.get(path), path, "a value", "a list");
        }
        if (use.label()) {
            for (Use same : values.getOrDefault(path, List.of())) {
                reportLabel(use, same);
            }
        }
        for (int depth = path.steps().size() - 1; depth > 0; depth--) {
            FieldPath parent = path.first(depth);
            int index = path.steps().get(depth).index();
            boolean isMember = depth == path.steps().size() - 1 && use.range() == null;
            for (Use list : ranges.getOrDefault(parent, List.of())) {
                FeatureField range = list.range();
                if (range == null || index < range.from() || index >= range.to()) {
                    continue;
                }
                if (isMember) {
                    reportLabel(use, list);
                } else {
                    FieldPath member = parent.element(index);
                    String shape = objects.containsKey(member) ? "an object" : "a list";
                    report(list, use, member, "a value", shape);
                }
            }
        }
    }

    private void reportLabel(Use label, Use feature) {
        if (label.label() && feature.feature()) {
            report(label, feature, "the label cannot be a feature");
        }
    }

    private void report(
            Use use, @Nullable Use other, FieldPath path, String shape, String otherShape) {
        if (other != null) {
            report(use, other, path + " cannot be both " + shape + " and " + otherShape);
        }
    }

    private void report(Use use, Use other, String problem) {
        problems.add(
                use.key()
                        + " ("
                        + use.text()
                        + ") and "
                        + other.key()
                        + " ("
                        + other.text()
                        + "): "
                        + problem);
    }
}
