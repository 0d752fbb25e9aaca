package io.freshet.model;

import io.freshet.model.sparse.SparseState;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The {@link StepWorkspace}s of learners whose settings are equal except, if classes are open, for
 * the number of classes: one for each number of classes that a learner has.
 *
 * <p>A learner borrows a workspace and returns it. One workspace that nobody uses is kept for the
 * next borrower. Must stay open until its learners are closed.
 */
public final class BlockWorkspaces implements AutoCloseable {
    private final LearnerSettings settings;
    private final boolean classesAreOpen;
    private final Function<LearnerSettings, StepWorkspace> opener;
    private final Map<Integer, Lent> lent = new HashMap<>();
    private @Nullable StepWorkspace unused;

    /** A workspace and the number of its learners. */
    private static final class Lent {
        private final StepWorkspace workspace;
        private int learners;

        Lent(StepWorkspace workspace) {
            this.workspace = workspace;
        }
    }

    /** Creates the workspaces of learners with these settings. */
    public BlockWorkspaces(LearnerSettings settings) {
        this(settings, false);
    }

    /**
     * @param classesAreOpen whether learners add classes as they come, from 1 up to the number of
     *     classes in the settings
     */
    public BlockWorkspaces(LearnerSettings settings, boolean classesAreOpen) {
        this(settings, classesAreOpen, BlockWorkspaces::onCpu);
    }

    /**
     * @param classesAreOpen whether learners add classes as they come, from 1 up to the number of
     *     classes in the settings
     * @param opener opens a workspace for settings
     */
    public BlockWorkspaces(
            LearnerSettings settings,
            boolean classesAreOpen,
            Function<LearnerSettings, StepWorkspace> opener) {
        this.settings = settings;
        this.classesAreOpen = classesAreOpen;
        this.opener = opener;
    }

    /** Opens a workspace on the CPU. */
    public static StepWorkspace onCpu(LearnerSettings settings) {
        return settings.isSparse() ? new SparseWorkspace(settings) : new BlockWorkspace(settings);
    }

    /** Returns the largest number of classes of a learner. */
    public int maxClasses() {
        return settings.numClasses();
    }

    /**
     * Returns the settings of a learner.
     *
     * @param numClasses number of its classes; only used if classes are open
     */
    public LearnerSettings settings(int numClasses) {
        return classesAreOpen ? settings.withClasses(numClasses) : settings;
    }

    /** Returns the settings of a learner that continues from a state. */
    LearnerSettings settingsOf(LearnerState state) {
        if (!classesAreOpen) {
            return settings;
        }
        SparseState sparse = state.sparse();
        int numParameters =
                sparse == null
                        ? state.parameters().length / (settings.numFeatures() + 1)
                        : sparse.layout().numParameters();
        int numOutputs = numParameters / settings.numRates();
        return settings.withClasses(Math.max(1, Math.min(numOutputs, maxClasses())));
    }

    /** Returns the workspace for some settings. Each learner must return it. */
    StepWorkspace borrow(LearnerSettings borrowerSettings) {
        Lent entry =
                lent.computeIfAbsent(
                        borrowerSettings.numClasses(), key -> new Lent(open(borrowerSettings)));
        entry.learners++;
        return entry.workspace;
    }

    private StepWorkspace open(LearnerSettings borrowerSettings) {
        StepWorkspace kept = unused;
        if (kept != null && kept.settings().numClasses() == borrowerSettings.numClasses()) {
            unused = null;
            return kept;
        }
        return opener.apply(borrowerSettings);
    }

    /** Takes a workspace back from a learner. */
    void giveBack(StepWorkspace workspace) {
        Lent entry = lent.get(workspace.settings().numClasses());
        if (entry == null) {
            throw new IllegalStateException("a workspace was returned that was not borrowed");
        }
        entry.learners--;
        if (entry.learners == 0) {
            lent.remove(workspace.settings().numClasses());
            closeUnused();
            unused = workspace;
        }
    }

    private void closeUnused() {
        if (unused != null) {
            unused.close();
            unused = null;
        }
    }

    /** Frees the native memory. A second call does nothing. */
    @Override
    public void close() {
        closeUnused();
        lent.values().forEach(entry -> entry.workspace.close());
        lent.clear();
    }
}
