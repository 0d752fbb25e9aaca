package io.freshet.config;

import java.util.List;
import java.util.Map;
import org.apache.commons.text.WordUtils;

/** Generator of a documented properties file in which every default is commented out. */
public final class KeyReference {
    private static final int MAX_LINE_LENGTH = 96;

    private KeyReference() {}

    /**
     * Returns the text of the file.
     *
     * @param head first paragraph
     * @param sections keys by section title, in the order of the file
     */
    public static String render(String head, Map<String, List<Key<?>>> sections) {
        StringBuilder file = new StringBuilder(comment(head));
        sections.forEach(
                (title, keys) -> {
                    file.append("\n# ---- ").append(title).append(" ----\n");
                    for (Key<?> key : keys) {
                        file.append('\n')
                                .append(comment(key.meaning()))
                                .append(comment("Value: " + key.type() + "." + resume(key)))
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

    private static String resume(Key<?> key) {
        if (key.isChangeable()) {
            return " May change on resume.";
        }
        return key.isExtensible() ? " May be extended on resume." : "";
    }

    private static String comment(String text) {
        return "# " + WordUtils.wrap(text, MAX_LINE_LENGTH, "\n# ", false) + "\n";
    }
}
