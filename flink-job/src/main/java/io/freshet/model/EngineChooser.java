package io.freshet.model;

import io.freshet.model.cuda.device.Device;
import io.freshet.model.cuda.device.DeviceException;
import io.freshet.model.cuda.device.DeviceFailure;
import io.freshet.model.cuda.device.Devices;
import io.freshet.model.device.DeviceFallback;
import io.freshet.model.device.DevicePreference;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * Chooses the engine on which a job's models learn: the CPU, or the CUDA device of this process.
 *
 * <p>Nothing is loaded or opened that the choice does not need: without a driver, and with a
 * learner that has no kernels, no library of CUDA.
 */
public final class EngineChooser {
    /** Names of devices in metrics begin with this. */
    private static final String CUDA = "CUDA: ";

    private static final long MEBIBYTE = 1 << 20;
    private static final long WARM_UP = TimeUnit.MILLISECONDS.toNanos(400);
    private static final long MEASURED = TimeUnit.MILLISECONDS.toNanos(200);

    /** Speeds that were measured in this process, in which subtasks start with equal settings. */
    private static final Map<Trial, Speeds> MEASURED_SPEEDS = new HashMap<>();

    private record Trial(LearnerSettings settings, int numTargets, String device) {}

    /**
     * Events that the engines learn a second.
     *
     * @param cpu on the CPU
     * @param device on the device
     */
    record Speeds(double cpu, double device) {}

    private final LearnerSettings settings;
    private final int numTargets;
    private final DevicePreference preference;
    private final DeviceFallback fallback;
    private final Devices devices;
    private final Consumer<String> warnings;
    private final Function<String, Speeds> measure;

    /**
     * @param settings settings of the models; where classes are open, with as many as models are
     *     expected to have
     * @param numTargets number of target values of each label; 0 where labels are classes
     * @param preference the device that is asked for
     * @param fallback what happens if it cannot be used
     * @param warnings takes a line when compiled kernels cannot be kept
     */
    public EngineChooser(
            LearnerSettings settings,
            int numTargets,
            DevicePreference preference,
            DeviceFallback fallback,
            Devices devices,
            Consumer<String> warnings) {
        this(
                settings,
                numTargets,
                preference,
                fallback,
                devices,
                warnings,
                device ->
                        measuredSpeeds(new Trial(settings, numTargets, device), devices, warnings));
    }

    /**
     * @param measure measures the speeds of the CPU and of the device with a name
     */
    EngineChooser(
            LearnerSettings settings,
            int numTargets,
            DevicePreference preference,
            DeviceFallback fallback,
            Devices devices,
            Consumer<String> warnings,
            Function<String, Speeds> measure) {
        this.settings = settings;
        this.numTargets = numTargets;
        this.preference = preference;
        this.fallback = fallback;
        this.devices = devices;
        this.warnings = warnings;
        this.measure = measure;
    }

    /** Chooses the engine. ND4J must have been started. */
    public EngineChoice choose() {
        if (preference == DevicePreference.CPU) {
            return EngineChoice.cpu("device is cpu");
        }
        Optional<String> failure = DeviceFailure.noted();
        if (failure.isPresent()) {
            return instead(afterFailure(failure.get()));
        }
        if (preference == DevicePreference.AUTO) {
            Optional<String> absence = devices.findAbsence();
            if (absence.isPresent()) {
                return EngineChoice.cpu(absence.get());
            }
        }
        String unsupported = CudaWorkspace.obstacle(settings);
        if (unsupported != null) {
            return withObstacle("there are no kernels for this job: " + unsupported);
        }
        Optional<String> obstacle = devices.findObstacle();
        if (obstacle.isPresent()) {
            return withObstacle(obstacle.get());
        }
        try {
            return choose(CUDA + requireMemory());
        } catch (DeviceException e) {
            if (e.isOutOfMemory()) {
                return withObstacle(String.valueOf(e.getMessage()));
            }
            DeviceFailure.note(e);
            return instead(afterFailure(String.valueOf(e.getMessage())));
        }
    }

    private static String afterFailure(String failure) {
        return "the GPU is not used in this process after its error: " + failure;
    }

    /** Returns the choice where a device cannot be used that nothing is wrong with. */
    private EngineChoice withObstacle(String obstacle) {
        return preference == DevicePreference.AUTO
                ? EngineChoice.cpu(obstacle)
                : instead("device is cuda, but " + obstacle);
    }

    private EngineChoice instead(String reason) {
        return fallback == DeviceFallback.STOP
                ? EngineChoice.refused(reason)
                : EngineChoice.cpuInstead(reason);
    }

    private EngineChoice choose(String device) {
        if (preference == DevicePreference.CUDA) {
            return EngineChoice.cuda(device, "device is cuda");
        }
        Speeds speeds = measure.apply(device);
        String text =
                String.format(
                        Locale.ROOT,
                        "in blocks like the job's it learns %,.0f events/s, and %s %,.0f",
                        Math.max(speeds.cpu(), speeds.device()),
                        speeds.device() > speeds.cpu() ? "the CPU" : device,
                        Math.min(speeds.cpu(), speeds.device()));
        return speeds.device() > speeds.cpu()
                ? EngineChoice.cuda(device, text)
                : EngineChoice.cpu(text);
    }

    /** Returns the name of the device, if its memory suffices for a model. */
    private String requireMemory() {
        long needed = CudaWorkspace.deviceBytes(settings, numTargets);
        try (Device device = devices.open(warnings)) {
            long free = device.freeBytes();
            if (needed > free) {
                throw DeviceException.outOfMemory(
                        String.format(
                                Locale.ROOT,
                                "a model and its blocks take %,d MiB of the GPU's memory, of which"
                                        + " %,d MiB are free",
                                (needed + MEBIBYTE - 1) / MEBIBYTE,
                                free / MEBIBYTE));
            }
            return device.properties().name();
        }
    }

    /** Measures one trial at a time, and each once. */
    private static Speeds measuredSpeeds(Trial trial, Devices devices, Consumer<String> warnings) {
        synchronized (MEASURED_SPEEDS) {
            return MEASURED_SPEEDS.computeIfAbsent(
                    trial,
                    key -> {
                        Examples examples = randomExamples(key.settings, key.numTargets);
                        ToDoubleFunction<Function<LearnerSettings, StepWorkspace>> speed =
                                opener -> eventsPerSecond(key.settings, examples, opener);
                        return new Speeds(
                                speed.applyAsDouble(BlockWorkspaces::onCpu),
                                speed.applyAsDouble(
                                        open ->
                                                new CudaWorkspace(
                                                        open, () -> devices.open(warnings))));
                    });
        }
    }

    private static double eventsPerSecond(
            LearnerSettings settings,
            Examples examples,
            Function<LearnerSettings, StepWorkspace> opener) {
        try (SoftmaxLearner learner =
                new SoftmaxLearner(settings, LearnerState.initial(settings), opener)) {
            Evaluation evaluation = new Evaluation(settings.numClasses());
            return new EngineTiming(System::nanoTime, WARM_UP, MEASURED)
                    .eventsPerSecond(
                            () -> learner.learn(examples, true, evaluation), examples.size());
        }
    }

    /** Returns a block of examples of the job's shape. */
    private static Examples randomExamples(LearnerSettings settings, int numTargets) {
        Random random = new Random(1);
        Examples examples = new Examples(settings.numFeatures(), numTargets);
        float[] features = new float[settings.numFeatures()];
        float[] targets = new float[numTargets];
        for (int row = 0; row < CudaWorkspace.MAX_ROWS; row++) {
            for (int f = 0; f < features.length; f++) {
                features[f] = (float) random.nextGaussian();
            }
            int label = random.nextInt(settings.numClasses());
            if (numTargets > 0) {
                Arrays.fill(targets, 0);
                targets[label] = 1;
                examples.add(features, 0, label, targets, 0, 1);
            } else {
                examples.add(features, 0, label, 1);
            }
        }
        return examples;
    }
}
