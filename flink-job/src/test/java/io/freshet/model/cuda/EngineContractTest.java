package io.freshet.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.model.contract.ContractCheck;
import io.freshet.model.contract.ContractSize;
import io.freshet.model.contract.Deviation;
import io.freshet.model.contract.Engine;
import io.freshet.model.contract.EngineContract;
import io.freshet.model.cuda.device.EmulatedDevice;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The contract of the learner's engines, on the CPU and on an emulated device. */
class EngineContractTest {
    @TestFactory
    Stream<DynamicContainer> everyEngine_keepsTheContract() {
        EmulatedDevice.Options options = EmulatedDevice.Options.DEFAULT;
        List<Engine> emulated =
                EmulatedDevice.isAvailable()
                        ? List.of(
                                Engine.onDevice("emulated", EmulatedDevice::new),
                                Engine.onDevice("late", () -> new EmulatedDevice(options.late())),
                                Engine.onDevice(
                                        "reversed", () -> new EmulatedDevice(options.reversed())))
                        : List.of();
        return Stream.concat(Stream.of(Engine.cpu()), emulated.stream())
                .map(
                        engine ->
                                DynamicContainer.dynamicContainer(
                                        engine.name(),
                                        Stream.concat(
                                                        EngineContract.checks(ContractSize.SMALL)
                                                                .stream(),
                                                        Stream.of(EngineContract.longRun(10_000)))
                                                .filter(check -> check.appliesTo(engine))
                                                .map(check -> test(engine, check))));
    }

    private static DynamicTest test(Engine engine, ContractCheck check) {
        return DynamicTest.dynamicTest(
                check.name(),
                () -> {
                    List<Deviation> deviations = check.run(engine);
                    assertThat(deviations).isNotEmpty().allMatch(Deviation::isAllowed);
                });
    }
}
