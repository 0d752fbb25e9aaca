package io.freshet.model.check;

import io.freshet.model.contract.ContractCheck;
import io.freshet.model.contract.Deviation;
import io.freshet.model.contract.Engine;
import io.freshet.model.cuda.device.DeviceException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The results of the contract's checks on an engine.
 *
 * @param notRun number of checks that were not run, since the device had reported an error
 * @param hasUsableDevice whether the device reported no error but that memory was too small
 */
record ContractResults(List<Result> results, int notRun, boolean hasUsableDevice) {
    /**
     * The result of a check.
     *
     * @param failure the error with which the check ended; null if it came to its end
     */
    record Result(
            String name, double seconds, List<Deviation> deviations, @Nullable String failure) {
        boolean held() {
            return failure == null && deviations.stream().allMatch(Deviation::isAllowed);
        }

        /** Returns the name and, if the check did not come to its end, the error. */
        String text() {
            return failure == null ? name : name + ": " + failure;
        }

        /** Returns the deviation that is worst in relation to what is allowed. */
        Optional<Deviation> worst() {
            return deviations.stream()
                    .filter(deviation -> !deviation.isAllowed() || deviation.allowed() > 0)
                    .max(Comparator.comparingDouble(ContractResults::share));
        }
    }

    private static double share(Deviation deviation) {
        double share = deviation.error() / deviation.allowed();
        return Double.isNaN(share) ? Double.POSITIVE_INFINITY : share;
    }

    /**
     * Runs checks. After an error of the device the others are not run, since CUDA would repeat it,
     * unless it is that memory is too small for a check.
     *
     * @param progress takes a line for each check
     */
    static ContractResults run(
            List<ContractCheck> checks, Engine engine, Consumer<String> progress) {
        List<Result> results = new ArrayList<>();
        boolean isUsable = true;
        int notRun = 0;
        for (ContractCheck check : checks) {
            if (!check.appliesTo(engine)) {
                continue;
            }
            if (!isUsable) {
                notRun++;
                continue;
            }
            long begin = System.nanoTime();
            List<Deviation> deviations = List.of();
            String failure = null;
            try {
                deviations = check.run(engine);
            } catch (DeviceException e) {
                failure = String.valueOf(e.getMessage());
                isUsable = e.isOutOfMemory();
            } catch (RuntimeException e) {
                failure = e.toString();
            }
            Result result =
                    new Result(
                            check.name(), (System.nanoTime() - begin) / 1e9, deviations, failure);
            results.add(result);
            progress.accept(line(result));
        }
        return new ContractResults(results, notRun, isUsable);
    }

    private static String line(Result result) {
        String worst =
                result.worst()
                        .map(
                                w ->
                                        String.format(
                                                "%.1e of %.0e %s",
                                                w.error(), w.allowed(), w.quantity()))
                        .orElse(result.failure() == null ? "exact" : "error");
        return String.format(
                "%s %-31s %s", result.held() ? "held  " : "FAILED", worst, result.text());
    }

    boolean held() {
        return !results.isEmpty() && results.stream().allMatch(Result::held);
    }

    /**
     * Returns one line that says how many checks held, how many were not run, the largest error.
     */
    String summary() {
        long held = results.stream().filter(Result::held).count();
        return String.format(
                "%d of %d checks held%s%s",
                held,
                results.size() + notRun,
                notRun == 0 ? "" : ", " + notRun + " not run after the error",
                results.stream()
                        .flatMap(result -> result.worst().stream())
                        .max(Comparator.comparingDouble(ContractResults::share))
                        .map(
                                w ->
                                        String.format(
                                                ", largest error %.1e of %.0e allowed",
                                                w.error(), w.allowed()))
                        .orElse(""));
    }
}
