package io.freshet.local.table;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Format of a file of examples. */
public enum FileFormat {
    /** Separated values, with a header. */
    CSV("csv,tsv"),
    /** JSON lines: one object per line. */
    JSON("json,jsonl,ndjson"),
    /** Weka's attribute-relation file format. */
    ARFF("arff"),
    /** The text format of libsvm and svmlight. */
    LIBSVM("libsvm,svm,svmlight"),
    /** The text format of Vowpal Wabbit. */
    VW("vw");

    /** Ends of names, separated by commas. */
    private final String extensions;

    FileFormat(String extensions) {
        this.extensions = extensions;
    }

    /**
     * Returns the format of a file by the end of its name, without .gz; null if it says nothing.
     */
    static @Nullable FileFormat of(String name) {
        String plain = name.toLowerCase(Locale.ROOT).replaceFirst("\\.gz$", "");
        String extension = plain.substring(plain.lastIndexOf('.') + 1);
        return Arrays.stream(values())
                .filter(format -> List.of(format.extensions.split(",", -1)).contains(extension))
                .findFirst()
                .orElse(null);
    }

    /** Returns whether a field that a row does not have is 0, and not missing. */
    public boolean isSparse() {
        return this == LIBSVM || this == VW;
    }
}
