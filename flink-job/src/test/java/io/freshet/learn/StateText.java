package io.freshet.learn;

import io.freshet.ingest.Audit;
import java.lang.reflect.Array;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.SortedMap;

/**
 * State as text: one line for each value, by its path. Numbers are written such that different ones
 * have different texts; of a long array there is a digest and the first numbers.
 */
public final class StateText {
    private static final int WHOLE = 16;
    private static final int SHOWN = 4;

    private StateText() {}

    /**
     * Adds a value and the values in it.
     *
     * @param value null, a record, an {@link Audit}, an array, a number, a boolean or a string
     * @param values receives the texts by path. Modified.
     */
    public static void add(String path, Object value, SortedMap<String, String> values) {
        if (value instanceof Record) {
            for (RecordComponent component : value.getClass().getRecordComponents()) {
                add(path + "/" + component.getName(), get(component, value), values);
            }
        } else if (value instanceof Audit audit) {
            GoldenState.add(path, audit, values);
        } else if (value instanceof Object[] array) {
            values.put(path, array.length + " of them");
            for (int i = 0; i < array.length; i++) {
                add(path + "/" + i, array[i], values);
            }
        } else if (value != null && value.getClass().isArray()) {
            values.put(path, primitives(value));
        } else if (value == null
                || value instanceof Number
                || value instanceof Boolean
                || value instanceof String) {
            values.put(path, String.valueOf(value));
        } else {
            throw new IllegalArgumentException(path + " has the type " + value.getClass());
        }
    }

    private static Object get(RecordComponent component, Object value) {
        try {
            Method accessor = component.getAccessor();
            accessor.setAccessible(true);
            return accessor.invoke(value);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalArgumentException(component + " cannot be read", e);
        }
    }

    private static String primitives(Object array) {
        int length = Array.getLength(array);
        String[] texts = new String[length];
        for (int i = 0; i < length; i++) {
            texts[i] = String.valueOf(Array.get(array, i));
        }
        String first = String.join(", ", Arrays.copyOf(texts, length <= WHOLE ? length : SHOWN));
        return length <= WHOLE
                ? "[" + first + "]"
                : "[" + first + ", ...] " + length + " values, SHA-256 " + digest(texts);
    }

    private static String digest(String[] texts) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256")
                            .digest(String.join(",", texts).getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
