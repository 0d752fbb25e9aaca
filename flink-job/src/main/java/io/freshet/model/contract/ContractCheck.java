package io.freshet.model.contract;

import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * A check of the contract.
 *
 * @param name name for reports
 * @param scope whether an engine has what is checked
 * @param body runs the check and returns the deviations, at least one
 */
public record ContractCheck(
        String name, Predicate<Engine> scope, Function<Engine, List<Deviation>> body) {
    /** Returns whether the check applies to an engine. */
    public boolean appliesTo(Engine engine) {
        return scope.test(engine);
    }

    /** Runs the check. */
    public List<Deviation> run(Engine engine) {
        return body.apply(engine);
    }
}
