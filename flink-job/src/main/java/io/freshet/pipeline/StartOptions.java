package io.freshet.pipeline;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine.Option;

/**
 * Options of commands that start the job: what to do about earlier results and changed settings.
 */
public final class StartOptions {
    @Option(
            names = "--begin-again",
            description =
                    "Begins without state although there are results already: models are new, and"
                            + " records carry the next epoch.")
    private boolean beginAgain;

    @Option(
            names = "--accept",
            paramLabel = "KEY",
            description =
                    "Accepts the value of a key that differs from the one in the state; can be"
                            + " repeated.")
    private List<String> accepted = new ArrayList<>();

    @Option(
            names = "--roll-back",
            description =
                    "Continues from a checkpoint that is older than the published results;"
                            + " records carry the next epoch.")
    private boolean rollBack;

    /** Creates the options with their defaults. */
    public StartOptions() {}

    /**
     * Creates options with values.
     *
     * @param accepted names of keys
     */
    public StartOptions(boolean beginAgain, boolean rollBack, Collection<String> accepted) {
        this.beginAgain = beginAgain;
        this.rollBack = rollBack;
        this.accepted = new ArrayList<>(accepted);
    }

    /** Returns whether to begin without state although there are results. */
    public boolean beginAgain() {
        return beginAgain;
    }

    /** Returns whether to continue from a checkpoint that is older than the published results. */
    public boolean rollBack() {
        return rollBack;
    }

    /** Returns the names of the keys whose values may differ from those in the state. */
    public Set<String> accepted() {
        return new TreeSet<>(accepted);
    }
}
