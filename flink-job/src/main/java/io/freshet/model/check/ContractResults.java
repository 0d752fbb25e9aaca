package io.freshet.model.check;

import io.freshet.model.contract.ContractCheck;
import io.freshet.model.contract.Deviation;
import io.freshet.model.contract.Engine;
import io.freshet.model.cuda.DeviceException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The results of the contract's checks on an engine.
 *
 * @param hasUsableDevice whether the device reported no error
 */
record ContractResults(List<Result> results, boolean hasUsableDevice) {
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
     * Runs checks. After an error of the device the others are not run, since CUDA would repeat it.
     *
     * @param progress takes a line for each check
     */
    static ContractResults run(
            List<ContractCheck> checks, Engine engine, Consumer<String> progress) {
        List<Result> results = new ArrayList<>();
        boolean isUsable = true;
        for (ContractCheck check : checks) {
            if (!isUsable || !check.appliesTo(engine)) {
                continue;
            }
            long begin = System.nanoTime();
            List<Deviation> deviations = List.of();
            String failure = null;
            try {
                deviations = check.run(engine);
            } catch (DeviceException e) {
                failure = String.valueOf(e.getMessage());
                isUsable = false;
            } catch (RuntimeException e) {
                failure = e.toString();
            }
            Result result =
                    new Result(
                            check.name(), (System.nanoTime() - begin) / 1e9, deviations, failure);
            results.add(result);
            progress.accept(line(result));
        }
        return new ContractResults(results, isUsable);
    }

    private static String line(Result result) {
        String text = failureOf(result);
        String worst =
                result.worst()
                        .map(
                                w ->
                                        String.format(
                                                "%.1e of %.0e %s",
                                                w.error(), w.allowed(), w.quantity()))
                        .orElse("exact");
        return String.format(
                "%s %-31s %s", result.held() ? "held  " : "FAILED", worst, result.name() + text);
    }

    private static String failureOf(Result result) {
        return result.failure() == null ? "" : ": " + result.failure();
    }

    boolean held() {
        return !results.isEmpty() && results.stream().allMatch(Result::held);
    }

    /** Returns one line that says how many checks held, and the largest error. */
    String summary() {
        long held = results.stream().filter(Result::held).count();
        return String.format(
                "%d of %d checks held, largest error %s",
                held,
                results.size(),
                results.stream()
                        .flatMap(result -> result.worst().stream())
                        .max(Comparator.comparingDouble(ContractResults::share))
                        .map(w -> String.format("%.1e of %.0e allowed", w.error(), w.allowed()))
                        .orElse("0"));
    }
}
