package io.freshet.config;

import java.util.List;

/** Settings that the job cannot start with; the message has every problem on a line of its own. */
public final class ConfigurationException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient List<String> problems;

    public ConfigurationException(List<String> problems) {
        super(String.join(System.lineSeparator(), problems));
        this.problems = List.copyOf(problems);
    }

    /** The problems, each naming its key and showing its value. */
    public List<String> problems() {
        return problems;
    }
}
