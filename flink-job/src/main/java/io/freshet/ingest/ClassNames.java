package io.freshet.ingest;

import io.freshet.features.Numbers;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Checks of class names. */
public final class ClassNames {
    private static final Pattern ZERO_FRACTION = Pattern.compile("(-?[0-9]+)\\.0+");

    /** Texts that stand for a missing label, unless there is a class of that name. */
    private static final Set<String> MISSING = Set.of("", "?", "nan", "na", "null");

    private static final int LONGEST_MISSING = 4;

    /** Largest number of characters of a class name where classes are open. */
    public static final int MAX_LENGTH = 100;

    private ClassNames() {}

    /** Returns whether text stands for a missing label, unless it is the name of a class. */
    public static boolean isMissing(String text) {
        return text.length() <= LONGEST_MISSING && MISSING.contains(text.toLowerCase(Locale.ROOT));
    }

    /** Returns whether a name is a whole number. */
    public static boolean isWholeNumber(String name) {
        return Numbers.isWhole(name);
    }

    /** Returns whether all names are whole numbers, no two of which are equal. */
    public static boolean areWholeNumbers(List<String> names) {
        return names.stream().allMatch(ClassNames::isWholeNumber)
                && names.stream().map(Long::valueOf).distinct().count() == names.size();
    }

    /**
     * Returns the groups of names that differ only in case, in spaces, or as {@code 1} and {@code
     * 1.0}: each probably means one class.
     */
    public static List<List<String>> similar(List<String> names) {
        Map<String, List<String>> groups = new LinkedHashMap<>();
        for (String name : names) {
            String plain = name.replaceAll("[\\s\\u00A0]", "").toLowerCase(Locale.ROOT);
            String key = ZERO_FRACTION.matcher(plain).replaceFirst("$1");
            groups.computeIfAbsent(key, k -> new ArrayList<>()).add(name);
        }
        return groups.values().stream().filter(group -> group.size() > 1).toList();
    }
}
