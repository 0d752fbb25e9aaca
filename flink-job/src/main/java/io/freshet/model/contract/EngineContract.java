package io.freshet.model.contract;

import io.freshet.model.LearnerSettings;
import io.freshet.model.ensemble.EnsembleRule;
import io.freshet.model.scale.Standardization;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The contract of the learner's engines: an engine's answers and parameters are those of {@link
 * PlainLoop} or {@link PlainEnsemble}, one example after the other in double precision, up to
 * rounding.
 */
public final class EngineContract {
    private EngineContract() {}

    /**
     * Returns settings of learners of cross-entropy by steps of one example on scaled features.
     *
     * @param numRates 1, or up to 7 that are mixed
     */
    public static LearnerSettings settings(int numFeatures, int numClasses, int numRates) {
        return LearnerChecks.ofShape(numFeatures, numClasses, numRates, new Standardization());
    }

    /** Returns settings of ensembles, without experts of labels, by steps of one example. */
    public static LearnerSettings ensemble(int numFeatures, int numClasses) {
        return EnsembleChecks.ofShape(
                numFeatures, numClasses, new Standardization(EnsembleRule.CLIP, false), false);
    }

    /** Returns a part of the small checks, for tools under which everything is slow. */
    public static List<ContractCheck> part() {
        List<ContractCheck> all = checks(ContractSize.SMALL);
        int last = all.size() - 5 - EnsembleChecks.all(ContractSize.SMALL).size();
        return IntStream.range(1, all.size())
                .filter(i -> i % 12 == 0 || i >= last)
                .mapToObj(all::get)
                .toList();
    }

    /** Returns a check over a number of synthetic events, which takes some microseconds each. */
    public static ContractCheck longRun(long events) {
        return LongRun.check(events);
    }

    /** Returns the checks, in the order in which to run them. */
    public static List<ContractCheck> checks(ContractSize size) {
        return Stream.of(LearnerChecks.all(size), BlockChecks.all(size), EnsembleChecks.all(size))
                .flatMap(List::stream)
                .toList();
    }
}
