package io.freshet.features;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Node of the tree of mapped fields: a field, with its mapped members and with what it is mapped
 * to. A decoder walks the tree along with a message, and so reads only what is mapped. If all other
 * fields are features too, a node is added for each of them when a message has it.
 *
 * <p>The decoder also notes in the tree which fields a message has. Not thread-safe.
 */
public final class FieldNode {
    /**
     * Feature that a field is mapped to.
     *
     * @param node the field in the tree
     * @param field field with its kind; for a member of a list that is mapped as a range, the list
     * @param column index of its first column
     * @param categories index of the column of each category, counted from the first column
     */
    public record Target(
            FieldNode node, FeatureField field, int column, Map<String, Integer> categories) {
        private static Target of(FieldNode node, FeatureField field, int column) {
            Map<String, Integer> categories = new HashMap<>();
            for (String category : field.categories()) {
                categories.put(category, categories.size());
            }
            return new Target(node, field, column, Map.copyOf(categories));
        }
    }

    private final @Nullable FieldPath path;
    private final String name;

    /** The fields that are not mapped but are features; null if there are none. */
    private final @Nullable OtherFields others;

    /** Whether the field is one of the others. */
    private final boolean other;

    private final Map<String, FieldNode> members = new LinkedHashMap<>();
    private final List<@Nullable FieldNode> elements = new ArrayList<>();
    private Target[] targets = new Target[0];
    private ExamplePart[] parts = new ExamplePart[0];
    private boolean list;
    private boolean needsText;
    private boolean label;

    /** Members in the order in which the last message had them, to find the next one at once. */
    private @Nullable FieldNode[] expected = new FieldNode[0];

    /** Name of this field as the parser gave it last; parsers give the same instance again. */
    private @Nullable String lastName;

    private long lastMessage = -1;

    private @Nullable HashedName hashedName;

    private FieldNode(@Nullable FieldPath path, @Nullable OtherFields others, boolean other) {
        this.path = path;
        this.name = path == null ? "" : path.toString();
        this.others = others;
        this.other = other;
    }

    /**
     * Returns the root of the tree of a mapping.
     *
     * @param features fields that are features
     * @param mapped fields that are other parts of the example
     */
    public static FieldNode of(FeatureList features, Map<ExamplePart, FieldPath> mapped) {
        OtherFields others = features.takesOthers() ? new OtherFields() : null;
        FieldNode root = new FieldNode(null, others, false);
        int column = 0;
        for (FeatureField field : features.fields()) {
            FieldNode node = root.node(field.path());
            node.targets = append(node.targets, Target.of(node, field, column));
            node.list |= field.isList();
            node.needsText |= field.kind() == FeatureKind.CATEGORICAL || field.isOpen();
            column += field.numColumns();
        }
        mapped.forEach(
                (part, path) -> {
                    FieldNode node = root.node(path);
                    node.parts = append(node.parts, part);
                    node.needsText = true;
                    node.label |= part == ExamplePart.LABEL;
                });
        column = 0;
        for (FeatureField field : features.fields()) {
            if (field.isList()) {
                root.node(field.path()).addToMembers(field, column);
            }
            column += field.numColumns();
        }
        return root;
    }

    /** Adds the feature of a range of this list to the members that are also mapped themselves. */
    private void addToMembers(FeatureField range, int column) {
        for (int i = range.from(); i < Math.min(range.to(), elements.size()); i++) {
            FieldNode member = elements.get(i);
            if (member != null) {
                Target target = Target.of(member, range, column + i - range.from());
                member.targets = append(member.targets, target);
            }
        }
    }

    private static <T> T[] append(T[] array, T item) {
        T[] longer = Arrays.copyOf(array, array.length + 1);
        longer[array.length] = item;
        return longer;
    }

    /** Returns the field at a path below this one; adds it if it is not in the tree. */
    FieldNode node(FieldPath wanted) {
        FieldNode node = this;
        FieldPath at = null;
        for (FieldPath.Step step : wanted.steps()) {
            at = at == null ? FieldPath.of(step.name()) : at.child(step);
            node = node.child(step, at);
        }
        return node;
    }

    private FieldNode child(FieldPath.Step step, FieldPath at) {
        if (!step.isIndex()) {
            return members.computeIfAbsent(step.name(), name -> new FieldNode(at, others, false));
        }
        while (elements.size() <= step.index()) {
            elements.add(null);
        }
        FieldNode known = elements.get(step.index());
        if (known == null) {
            known = new FieldNode(at, others, false);
            elements.set(step.index(), known);
        }
        return known;
    }

    /** Returns a new node of a member that is not mapped; null if it is no feature. */
    private @Nullable FieldNode newOther(FieldPath.Step step) {
        if (others == null || list || label || !others.tryAdd()) {
            return null;
        }
        FieldPath at =
                path != null
                        ? path.child(step)
                        : FieldPath.of(step.name()); // the message itself is an object
        return new FieldNode(at, others, true);
    }

    /**
     * Returns the mapped member of an object.
     *
     * @param position number of the object's mapped members before it in this message
     * @return null if the member is not mapped
     */
    @SuppressWarnings("ReferenceEquality") // parsers intern names; others are found in the map
    public @Nullable FieldNode member(String name, int position) {
        if (position < expected.length) {
            FieldNode next = expected[position];
            if (next != null && next.lastName == name) {
                return next;
            }
        }
        FieldNode found = find(name);
        if (found != null && position < members.size()) {
            if (position >= expected.length) {
                expected = Arrays.copyOf(expected, Math.max(members.size(), 2 * position));
            }
            found.lastName = name;
            expected[position] = found;
        }
        return found;
    }

    /** Returns the mapped member of an object; null if it is not mapped. */
    public @Nullable FieldNode find(String name) {
        FieldNode found = members.get(name);
        if (found == null) {
            found = newOther(FieldPath.Step.name(name));
            if (found != null) {
                members.put(name, found);
            }
        }
        return found;
    }

    /** Returns whether an object has a member of a name that is mapped. */
    boolean hasMapped(String memberName) {
        FieldNode found = members.get(memberName);
        return found != null && !found.other;
    }

    /** Returns the mapped member of a list; null if it is not mapped. */
    public @Nullable FieldNode element(int index) {
        FieldNode found = index < elements.size() ? elements.get(index) : null;
        if (found == null) {
            found = newOther(FieldPath.Step.index(index));
            if (found != null) {
                while (elements.size() <= index) {
                    elements.add(null);
                }
                elements.set(index, found);
            }
        }
        return found;
    }

    /**
     * Begins a message: forgets the fields that are not mapped if there are many, so that names
     * which differ from message to message do not fill the memory. Called on the root.
     */
    public void beginMessage() {
        if (others != null && others.begin()) {
            forgetOthers();
        }
    }

    private void forgetOthers() {
        members.values().removeIf(FieldNode::isOther);
        elements.replaceAll(element -> element == null || element.other ? null : element);
        expected = new FieldNode[0];
        members.values().forEach(FieldNode::forgetOthers);
        for (FieldNode element : elements) {
            if (element != null) {
                element.forgetOthers();
            }
        }
    }

    /** Returns whether the message has more fields that are not mapped than are accepted. */
    public boolean hasTooManyOthers() {
        return others != null && others.exceeded();
    }

    /** Returns whether to report that the field cannot be used; true for a limited number. */
    public boolean tryReport() {
        return others != null && others.tryReport();
    }

    /** Returns whether the field is not mapped, but a feature since all fields are. */
    public boolean isOther() {
        return other;
    }

    /** Returns the number of objects and lists that the field is in. */
    public int depth() {
        return path == null ? 0 : path.steps().size();
    }

    /** Returns the field's name as a feature, with its hash. */
    public HashedName hashedName(FeatureHasher hasher) {
        HashedName known = hashedName;
        if (known == null) {
            if (path == null) {
                throw new IllegalStateException("the message itself is no feature");
            }
            known = HashedName.of(path, other, hasher);
            hashedName = known;
        }
        return known;
    }

    /** Returns whether the field is mapped itself, as one value. */
    public boolean isValue() {
        return !list && (targets.length > 0 || parts.length > 0);
    }

    /** Returns whether the field may be one value. */
    public boolean acceptsValue() {
        return isValue() || other;
    }

    /** Returns whether the field is mapped as a list of values. */
    public boolean isList() {
        return list;
    }

    /** Returns whether an object is read: members of it are mapped. */
    public boolean acceptsObject() {
        return !members.isEmpty() || other;
    }

    /** Returns whether a list is read: its members, or it as a whole. */
    public boolean acceptsList() {
        return list || !elements.isEmpty() || isLabel() || other;
    }

    /** Returns the number of features that the field is mapped to. */
    public int numTargets() {
        return targets.length;
    }

    /** Returns a feature that the field is mapped to. */
    public Target target(int index) {
        return targets[index];
    }

    /** Returns whether a number of the field is needed as it was written. */
    public boolean needsText() {
        return needsText;
    }

    /** Returns the number of other parts of the example that the field is mapped to. */
    public int numParts() {
        return parts.length;
    }

    /** Returns a part of the example that the field is mapped to. */
    public ExamplePart part(int index) {
        return parts[index];
    }

    /** Returns whether the field is mapped to the label. */
    public boolean isLabel() {
        return label;
    }

    /** Returns the path of the field; empty for the message itself. */
    public String path() {
        return name;
    }

    /**
     * Notes that a message has the field.
     *
     * @param message number of the message, from 0
     * @return false if the message had the field before
     */
    public boolean see(long message) {
        boolean first = lastMessage != message;
        lastMessage = message;
        return first;
    }

    /** Adds the paths of the mapped fields below this one that no message had so far. */
    public void addUnseen(Collection<String> paths) {
        if ((isValue() || list) && lastMessage < 0) {
            paths.add(path());
        }
        members.values().forEach(member -> member.addUnseen(paths));
        for (FieldNode element : elements) {
            if (element != null) {
                element.addUnseen(paths);
            }
        }
    }
}
