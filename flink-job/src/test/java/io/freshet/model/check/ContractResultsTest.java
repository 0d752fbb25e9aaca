package io.freshet.model.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.model.contract.ContractCheck;
import io.freshet.model.contract.Deviation;
import io.freshet.model.contract.Engine;
import io.freshet.model.cuda.device.DeviceException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class ContractResultsTest {
    private static final ContractCheck HELD =
            check("one", engine -> List.of(new Deviation("losses", 2e-7, 1e-5)));
    private static final ContractCheck EXACT = check("two", engine -> List.of());

    private final List<String> lines = new ArrayList<>();

    private static ContractCheck check(String name, Function<Engine, List<Deviation>> body) {
        return new ContractCheck(name, engine -> true, body);
    }

    private static ContractCheck failing(DeviceException error) {
        return check(
                "bad",
                engine -> {
                    throw error;
                });
    }

    private ContractResults run(ContractCheck... checks) {
        return ContractResults.run(List.of(checks), Engine.cpu(), lines::add);
    }

    @Test
    void checksThatHold_areCounted_withTheLargestError() {
        ContractResults results = run(HELD, EXACT);

        assertThat(results.held()).isTrue();
        assertThat(results.summary())
                .isEqualTo("2 of 2 checks held, largest error 2.0e-07 of 1e-05 allowed");
        assertThat(lines)
                .containsExactly(
                        "held   2.0e-07 of 1e-05 losses         one",
                        "held   exact                           two");
    }

    @Test
    void errorOfTheDevice_leavesTheOtherChecksOut() {
        ContractResults results = run(EXACT, failing(new DeviceException("cudaX: lost")), HELD);

        assertThat(results.held()).isFalse();
        assertThat(results.hasUsableDevice()).isFalse();
        assertThat(results.summary()).isEqualTo("1 of 3 checks held, 1 not run after the error");
        assertThat(lines)
                .containsExactly(
                        "held   exact                           two",
                        "FAILED error                           bad: cudaX: lost");
    }

    @Test
    void checkForWhichMemoryIsTooSmall_failsAlone() {
        ContractResults results = run(failing(DeviceException.outOfMemory("cudaX: full")), HELD);

        assertThat(results.held()).isFalse();
        assertThat(results.hasUsableDevice()).isTrue();
        assertThat(results.summary())
                .isEqualTo("1 of 2 checks held, largest error 2.0e-07 of 1e-05 allowed");
        assertThat(lines.get(0))
                .isEqualTo(
                        "FAILED error                           bad: cudaX: full; end what else"
                                + " uses the memory, or take a smaller model");
    }
}
