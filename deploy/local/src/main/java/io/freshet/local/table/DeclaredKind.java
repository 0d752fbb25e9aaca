package io.freshet.local.table;

import java.util.List;

/**
 * Kind of a field that a file declares itself.
 *
 * @param type type of the values
 * @param names names of a nominal field, in their order; otherwise empty
 */
public record DeclaredKind(Type type, List<String> names) {
    /** Type of values. */
    public enum Type {
        /** Numbers. */
        NUMERIC,
        /** Names, all of which are declared. */
        NOMINAL,
        /** Any text. */
        TEXT,
        /** Times. */
        TIME
    }

    public DeclaredKind {
        names = List.copyOf(names);
    }
}
