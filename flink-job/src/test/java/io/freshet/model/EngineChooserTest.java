package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.model.EngineChoice.Outcome;
import io.freshet.model.EngineChooser.Speeds;
import io.freshet.model.cuda.device.Device;
import io.freshet.model.cuda.device.DeviceException;
import io.freshet.model.cuda.device.DeviceFailure;
import io.freshet.model.cuda.device.Devices;
import io.freshet.model.cuda.device.EmulatedDevice;
import io.freshet.model.cuda.device.EmulatedDevices;
import io.freshet.model.device.DeviceFallback;
import io.freshet.model.device.DevicePreference;
import io.freshet.model.optim.Adam;
import io.freshet.model.optim.LearningRateSchedule;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EngineChooserTest {
    private static final LearnerSettings SETTINGS = LearnerFixture.of(4, 3).settings();
    private static final String CARD = "CUDA: emulated";

    private final List<String> measured = new ArrayList<>();
    private Speeds speeds = new Speeds(1_000, 2_000);

    @BeforeEach
    @AfterEach
    void forgetFailure() {
        EmulatedDevices.forgetFailure();
    }

    private static EmulatedDevices working() {
        EmulatedDevices devices = EmulatedDevices.working();
        EmulatedDevice.assumeAvailable();
        return devices;
    }

    private EngineChoice choose(
            LearnerSettings settings,
            DevicePreference preference,
            DeviceFallback fallback,
            Devices devices) {
        return new EngineChooser(
                        settings,
                        0,
                        preference,
                        fallback,
                        devices,
                        line -> {
                            throw new AssertionError(line);
                        },
                        device -> {
                            measured.add(device);
                            return speeds;
                        })
                .choose();
    }

    /**
     * A reason against a device: none; no driver; no library or card; no kernels for the learner;
     * too little memory of the card by the sum; no memory of the card, not even to open it; an
     * error of the card, before or now.
     */
    private enum Obstacle {
        NONE,
        DRIVER,
        LIBRARY,
        KERNELS,
        MEMORY,
        FULL,
        EARLIER_ERROR,
        ERROR
    }

    @ParameterizedTest
    @CsvSource({
        "NONE,          CPU,  CPU,  CPU,     false",
        "NONE,          CPU,  STOP, CPU,     false",
        "NONE,          AUTO, CPU,  CUDA,    false",
        "NONE,          AUTO, STOP, CUDA,    false",
        "NONE,          CUDA, CPU,  CUDA,    false",
        "NONE,          CUDA, STOP, CUDA,    false",
        "DRIVER,        CPU,  CPU,  CPU,     false",
        "DRIVER,        CPU,  STOP, CPU,     false",
        "DRIVER,        AUTO, CPU,  CPU,     false",
        "DRIVER,        AUTO, STOP, CPU,     false",
        "DRIVER,        CUDA, CPU,  CPU,     true",
        "DRIVER,        CUDA, STOP, REFUSED, true",
        "LIBRARY,       CPU,  CPU,  CPU,     false",
        "LIBRARY,       CPU,  STOP, CPU,     false",
        "LIBRARY,       AUTO, CPU,  CPU,     false",
        "LIBRARY,       AUTO, STOP, CPU,     false",
        "LIBRARY,       CUDA, CPU,  CPU,     true",
        "LIBRARY,       CUDA, STOP, REFUSED, true",
        "KERNELS,       CPU,  CPU,  CPU,     false",
        "KERNELS,       CPU,  STOP, CPU,     false",
        "KERNELS,       AUTO, CPU,  CPU,     false",
        "KERNELS,       AUTO, STOP, CPU,     false",
        "KERNELS,       CUDA, CPU,  CPU,     true",
        "KERNELS,       CUDA, STOP, REFUSED, true",
        "MEMORY,        CPU,  CPU,  CPU,     false",
        "MEMORY,        CPU,  STOP, CPU,     false",
        "MEMORY,        AUTO, CPU,  CPU,     false",
        "MEMORY,        AUTO, STOP, CPU,     false",
        "MEMORY,        CUDA, CPU,  CPU,     true",
        "MEMORY,        CUDA, STOP, REFUSED, true",
        "FULL,          CPU,  CPU,  CPU,     false",
        "FULL,          CPU,  STOP, CPU,     false",
        "FULL,          AUTO, CPU,  CPU,     false",
        "FULL,          AUTO, STOP, CPU,     false",
        "FULL,          CUDA, CPU,  CPU,     true",
        "FULL,          CUDA, STOP, REFUSED, true",
        "EARLIER_ERROR, CPU,  CPU,  CPU,     false",
        "EARLIER_ERROR, CPU,  STOP, CPU,     false",
        "EARLIER_ERROR, AUTO, CPU,  CPU,     true",
        "EARLIER_ERROR, AUTO, STOP, REFUSED, true",
        "EARLIER_ERROR, CUDA, CPU,  CPU,     true",
        "EARLIER_ERROR, CUDA, STOP, REFUSED, true",
        "ERROR,         CPU,  CPU,  CPU,     false",
        "ERROR,         CPU,  STOP, CPU,     false",
        "ERROR,         AUTO, CPU,  CPU,     true",
        "ERROR,         AUTO, STOP, REFUSED, true",
    })
    void obstaclePreferenceAndFallback_determineTheEngine(
            Obstacle obstacle,
            DevicePreference preference,
            DeviceFallback fallback,
            Outcome outcome,
            boolean isWarning) {
        LearnerSettings settings = SETTINGS;
        Devices devices = working();
        EngineChooser chooser = null;
        String reason = "";
        switch (obstacle) {
            case NONE -> {}
            case DRIVER -> {
                devices = working().absent("no driver").unusable("no driver; install one");
                reason = preference == DevicePreference.AUTO ? "no driver" : "no driver; install";
            }
            case LIBRARY -> {
                devices = working().unusable("libcublas.so.13 is missing; install it");
                reason = "libcublas.so.13 is missing; install it";
            }
            case KERNELS -> {
                settings =
                        new LearnerSettings(
                                4,
                                3,
                                1,
                                SETTINGS.loss(),
                                new Adam(LearningRateSchedule.constant(0.01), 0.9, 0.999, 1e-8, 0),
                                null,
                                SETTINGS.reduction(),
                                null,
                                10);
                reason = "there are no kernels for this job: the optimiser is Adam";
            }
            case MEMORY -> {
                devices = working().withBytes(64 << 20);
                reason = "MiB of the GPU's memory, of which 64 MiB are free; end what else uses";
            }
            case FULL -> {
                devices = new FullDevices();
                reason = "cudaX: out of memory; end what else uses the memory, or take a smaller";
            }
            case EARLIER_ERROR -> {
                DeviceFailure.note(new DeviceException("cudaX: lost"));
                reason = "the GPU is not used in this process after its error: cudaX: lost";
            }
            case ERROR -> {
                DeviceException error = new DeviceException("cudaY: lost");
                chooser =
                        new EngineChooser(
                                settings,
                                0,
                                preference,
                                fallback,
                                devices,
                                line -> {},
                                device -> {
                                    throw error;
                                });
                reason = "the GPU is not used in this process after its error: cudaY: lost";
            }
        }

        EngineChoice choice =
                chooser == null
                        ? choose(settings, preference, fallback, devices)
                        : chooser.choose();

        assertThat(choice.outcome()).isEqualTo(outcome);
        assertThat(choice.isWarning()).isEqualTo(isWarning);
        assertThat(choice.device()).isEqualTo(outcome == Outcome.CUDA ? CARD : "CPU");
        if (preference == DevicePreference.CPU) {
            assertThat(choice.reason()).isEqualTo("device is cpu");
        } else if (obstacle != Obstacle.NONE) {
            assertThat(choice.reason()).contains(reason).doesNotContain("\n");
        }
        assertThat(measured)
                .hasSize(outcome == Outcome.CUDA && preference == DevicePreference.AUTO ? 1 : 0);
        assertThat(EmulatedDevices.open()).isZero();
        if (obstacle == Obstacle.MEMORY || obstacle == Obstacle.FULL) {
            assertThat(DeviceFailure.noted()).isEmpty();
        }
    }

    /** A machine with a card whose memory another process takes. */
    private record FullDevices() implements Devices {
        @Override
        public Optional<String> findAbsence() {
            return Optional.empty();
        }

        @Override
        public Optional<String> findObstacle() {
            return Optional.empty();
        }

        @Override
        public Device open(Consumer<String> warnings) {
            throw DeviceException.outOfMemory("cudaX: out of memory");
        }
    }

    /** Another process takes the memory after the sum was compared with it. */
    @Test
    void memoryThatIsGoneWhenBlocksAreTimed_isNoErrorOfTheDevice() {
        EngineChoice choice =
                new EngineChooser(
                                SETTINGS,
                                0,
                                DevicePreference.AUTO,
                                DeviceFallback.STOP,
                                working(),
                                line -> {},
                                device -> {
                                    throw DeviceException.outOfMemory("cudaMalloc: full");
                                })
                        .choose();

        assertThat(choice)
                .isEqualTo(
                        new EngineChoice(
                                Outcome.CPU,
                                "cudaMalloc: full; end what else uses the memory, or take a smaller"
                                        + " model",
                                false,
                                "CPU"));
        assertThat(DeviceFailure.noted()).isEmpty();
    }

    @Test
    void auto_takesTheFasterEngine_andSaysBothSpeeds() {
        speeds = new Speeds(420_000, 3_400_000);
        assertThat(choose(SETTINGS, DevicePreference.AUTO, DeviceFallback.CPU, working()))
                .isEqualTo(
                        new EngineChoice(
                                Outcome.CUDA,
                                "in blocks like the job's it learns 3,400,000 events/s, and the"
                                        + " CPU 420,000",
                                false,
                                CARD));
        speeds = new Speeds(420_000, 400_000);
        assertThat(choose(SETTINGS, DevicePreference.AUTO, DeviceFallback.CPU, working()))
                .isEqualTo(
                        new EngineChoice(
                                Outcome.CPU,
                                "in blocks like the job's it learns 420,000 events/s, and"
                                        + " CUDA: emulated 400,000",
                                false,
                                "CPU"));
    }

    @Test
    void errorAtTheStart_isNoted() {
        EmulatedDevices devices = working().failingAfter(0);

        EngineChoice choice =
                new EngineChooser(
                                // Other settings than in another test, since speeds are kept.
                                LearnerFixture.of(5, 3).settings(),
                                0,
                                DevicePreference.AUTO,
                                DeviceFallback.CPU,
                                devices,
                                line -> {})
                        .choose();

        assertThat(choice.outcome()).isEqualTo(Outcome.CPU);
        assertThat(choice.isWarning()).isTrue();
        assertThat(DeviceFailure.noted()).hasValueSatisfying(e -> assertThat(e).contains("700"));
        assertThat(choice.reason()).contains("700");
        assertThat(EmulatedDevices.open()).isZero();
    }

    /** The emulation is slower than the CPU by far, so the CPU is taken. */
    @Test
    void blocks_areTimedOnBothEngines() {
        EngineChoice choice =
                new EngineChooser(
                                SETTINGS,
                                0,
                                DevicePreference.AUTO,
                                DeviceFallback.STOP,
                                working(),
                                line -> {})
                        .choose();

        assertThat(choice.outcome()).isEqualTo(Outcome.CPU);
        assertThat(choice.reason())
                .matches(
                        "in blocks like the job's it learns [\\d,]+ events/s, and CUDA: emulated"
                                + " [\\d,]+");
        assertThat(DeviceFailure.noted()).isEmpty();
        assertThat(EmulatedDevices.open()).isZero();
    }
}
