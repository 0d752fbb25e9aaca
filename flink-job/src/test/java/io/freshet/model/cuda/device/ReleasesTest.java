package io.freshet.model.cuda.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReleasesTest {
    private final List<String> calls = new ArrayList<>();
    private final Releases releases = new Releases();

    @Test
    void earlyCalls_areFirst_andTheLatestOfEachKindIs() {
        releases.add(() -> calls.add("stream"));
        releases.addEarly(() -> calls.add("graph 1"));
        releases.add(() -> calls.add("memory"));
        releases.addEarly(() -> calls.add("graph 2"));

        releases.run();
        releases.run();

        assertThat(calls).containsExactly("graph 2", "graph 1", "memory", "stream");
    }

    @Test
    void failure_keepsNothingFromBeingFreed() {
        releases.add(() -> calls.add("stream"));
        releases.add(() -> fail("memory"));
        releases.addEarly(() -> fail("graph"));

        assertThatExceptionOfType(DeviceException.class)
                .isThrownBy(releases::run)
                .withMessage("graph; 1 more calls that free something failed");
        assertThat(calls).containsExactly("stream");
    }

    @Test
    void oneFailure_isSaidAsItIs() {
        releases.add(() -> fail("memory"));

        assertThatExceptionOfType(DeviceException.class)
                .isThrownBy(releases::run)
                .withMessage("memory");
    }

    private static void fail(String message) {
        throw new DeviceException(message);
    }
}
