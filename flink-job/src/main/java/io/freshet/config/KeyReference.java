package io.freshet.config;

import java.util.List;
import java.util.Map;
import org.apache.commons.text.WordUtils;

/** Writes keys as a documented properties file, every default commented out. */
public final class KeyReference {
    private static final int LINE = 96;

    private KeyReference() {}

    /**
     * The file.
     *
     * @param head its first paragraph
     * @param sections keys by title, in their order
     */
    public static String render(String head, Map<String, List<Key<?>>> sections) {
        StringBuilder file = new StringBuilder(comment(head));
        sections.forEach(
                (title, keys) -> {
                    file.append("\n# ---- ").append(title).append(" ----\n");
                    for (Key<?> key : keys) {
                        file.append('\n')
                                .append(comment(key.meaning()))
                                .append(comment("Value: " + key.type() + "."))
                                .append(key.required() ? "# Required.\n" : "")
                                .append('#')
                                .append(key.name())
                                .append('=')
                                .append(key.defaultText().orElse(""))
                                .append('\n');
                    }
                });
        return file.toString();
    }

    private static String comment(String text) {
        return "# " + WordUtils.wrap(text, LINE, "\n# ", false) + "\n";
    }
}
