package io.freshet.config;

import java.util.List;

/** Failure to start because of invalid settings; the message lists one problem per line. */
public final class ConfigurationException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient List<String> problems;

    public ConfigurationException(List<String> problems) {
        super(String.join(System.lineSeparator(), problems));
        this.problems = List.copyOf(problems);
    }

    /** Returns the problems; each names its key and shows the value. */
    public List<String> problems() {
        return problems;
    }
}
