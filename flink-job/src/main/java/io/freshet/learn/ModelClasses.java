package io.freshet.learn;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The class names of one model by index: as configured or, where classes are open, those of its
 * labels in the order in which they first occur. Not thread-safe.
 */
final class ModelClasses {
    /** The index of a name for which there is no room. */
    static final int NONE = -1;

    private final int capacity;
    private final List<String> names;
    private final Map<String, Integer> indexes = new HashMap<>();
    private String[] shared = new String[0];

    /**
     * Creates the classes of a new model.
     *
     * @param configured class names; empty if classes are open
     * @param capacity largest number of names
     */
    ModelClasses(List<String> configured, int capacity) {
        this.capacity = capacity;
        this.names = new ArrayList<>(configured);
        for (int i = 0; i < configured.size(); i++) {
            indexes.put(configured.get(i), i);
        }
    }

    /** Adds the names of a saved model that these classes lack, where classes are open. */
    void restore(String[] saved) {
        Arrays.stream(saved).forEach(this::indexOf);
    }

    /** Returns the index of a name, which is added if it is new; {@link #NONE} without room. */
    int indexOf(String name) {
        Integer index = indexes.get(name);
        if (index != null) {
            return index;
        }
        if (names.size() == capacity) {
            return NONE;
        }
        names.add(name);
        indexes.put(name, names.size() - 1);
        return names.size() - 1;
    }

    /** Returns the name of a class. */
    String name(int index) {
        return names.get(index);
    }

    /** Returns the names in a new array. */
    String[] toArray() {
        return names.toArray(String[]::new);
    }

    /** Returns the first names, in an array that is the same until there are other ones. */
    String[] shared(int count) {
        if (shared.length != count) {
            shared = first(count);
        }
        return shared;
    }

    /** Returns the first names in a new array. */
    String[] first(int count) {
        return names.subList(0, count).toArray(String[]::new);
    }
}
