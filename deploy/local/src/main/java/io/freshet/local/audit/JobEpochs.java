package io.freshet.local.audit;

import io.freshet.local.cli.UserException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Jobs and their epochs that records name, of which one is to be audited. */
final class JobEpochs {
    private final String records;
    private final String place;
    private final String hint;
    private final Map<String, Set<Long>> epochs = new TreeMap<>();

    /**
     * @param records what the records are, such as "metrics"
     * @param place where they are, such as "in topic metrics"
     * @param hint what to do if those of a job are not there; may be empty
     */
    JobEpochs(String records, String place, String hint) {
        this.records = records;
        this.place = place;
        this.hint = hint;
    }

    void add(JobEpoch job) {
        epochs.computeIfAbsent(job.job(), name -> new TreeSet<>()).add(job.epoch());
    }

    /**
     * Returns the job and epoch that is to be audited.
     *
     * @param name name of the job; null if there is only one
     * @param epoch epoch; null for the newest
     * @throws UserException if there is none, or more than one job
     */
    JobEpoch select(@Nullable String name, @Nullable Long epoch) {
        if (epochs.isEmpty()) {
            throw new UserException("there are no " + records + " " + place + " yet" + hint);
        }
        List<JobEpoch> found =
                epochs.entrySet().stream()
                        .filter(job -> name == null || name.equals(job.getKey()))
                        .filter(job -> epoch == null || job.getValue().contains(epoch))
                        .map(job -> new JobEpoch(job.getKey(), newest(job.getValue(), epoch)))
                        .toList();
        if (found.size() == 1) {
            return found.get(0);
        }
        if (!found.isEmpty()) {
            throw new UserException(
                    "there are "
                            + records
                            + " of several jobs "
                            + place
                            + "; choose one with --job: "
                            + list());
        }
        throw new UserException(
                "there are no "
                        + records
                        + " of "
                        + wanted(name, epoch)
                        + " "
                        + place
                        + ", but of "
                        + list()
                        + hint);
    }

    private static String wanted(@Nullable String name, @Nullable Long epoch) {
        if (name == null) {
            return "epoch " + epoch; // without both, there is always a job
        }
        return "job " + name + (epoch == null ? "" : ", epoch " + epoch + ",");
    }

    private static long newest(Set<Long> epochs, @Nullable Long wanted) {
        return wanted == null
                ? epochs.stream().mapToLong(Long::longValue).max().orElseThrow()
                : wanted;
    }

    private String list() {
        return epochs.entrySet().stream()
                .map(
                        job ->
                                (job.getKey().isEmpty() ? "\"\"" : job.getKey())
                                        + " (epoch "
                                        + job.getValue().stream()
                                                .map(String::valueOf)
                                                .collect(Collectors.joining(", "))
                                        + ")")
                .collect(Collectors.joining(", "));
    }
}
