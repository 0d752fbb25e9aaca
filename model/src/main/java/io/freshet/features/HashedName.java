package io.freshet.features;

import java.nio.charset.StandardCharsets;

/**
 * Name of a field as a feature, with the hashes of what it becomes. A field's categories and words
 * are features whose names begin with a prefix, its name and {@code =}.
 */
public final class HashedName {
    private final FieldPath path;
    private final FeatureHasher hasher;
    private final long hash;
    private final byte[] prefix;
    private long[] timeHashes = new long[0];

    private HashedName(FieldPath path, FeatureHasher hasher, byte[] prefix) {
        this.path = path;
        this.hasher = hasher;
        this.hash = hasher.hash(path.toString());
        this.prefix = prefix;
    }

    /**
     * Returns a name.
     *
     * @param inListOfAny whether the texts among the members of a list are categories of the list
     */
    static HashedName of(FieldPath path, boolean inListOfAny, FeatureHasher hasher) {
        FieldPath owner = inListOfAny && path.lastIndex() >= 0 ? path.parent() : path;
        return new HashedName(path, hasher, (owner + "=").getBytes(StandardCharsets.UTF_8));
    }

    /** Returns the hash of the name. */
    public long hash() {
        return hash;
    }

    /** Returns the hash of a category. */
    public long hash(String category) {
        return hash(category, 0, category.length());
    }

    /** Returns the hash of a category or word that is a part of a text. */
    public long hash(String text, int from, int to) {
        return hasher.hash(prefix, text, from, to);
    }

    /** Returns the hashes of the columns of a time. */
    public long[] timeHashes() {
        if (timeHashes.length == 0) {
            timeHashes =
                    FeatureField.of(path, FeatureKind.TIME).columnNames().stream()
                            .mapToLong(hasher::hash)
                            .toArray();
        }
        return timeHashes;
    }
}
