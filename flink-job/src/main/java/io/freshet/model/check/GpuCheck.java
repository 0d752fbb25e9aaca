package io.freshet.model.check;

import io.freshet.model.check.GpuReport.ManyModels;
import io.freshet.model.check.GpuReport.MeasuredShape;
import io.freshet.model.contract.ContractCheck;
import io.freshet.model.contract.ContractSize;
import io.freshet.model.contract.Engine;
import io.freshet.model.contract.EngineContract;
import io.freshet.model.cuda.device.CudaDevice;
import io.freshet.model.cuda.device.CudaLibraries;
import io.freshet.model.cuda.device.Device;
import io.freshet.model.cuda.device.DeviceException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The command {@code gpu-check}: checks the learner's engine on the CUDA device of this machine,
 * and measures it.
 */
public final class GpuCheck {
    private static final int HELD = 0;
    private static final int NOT_HELD = 1;
    private static final int UNUSABLE = 2;

    private final GpuCheckOptions options;
    private final CardFacts facts;
    private final Supplier<Device> devices;
    private final Supplier<Device> compiling;
    private final PrintWriter out;
    private final Plan plan;

    /**
     * The extent of a check.
     *
     * @param contract checks of the contract
     * @param shapes shapes to measure
     * @param rounds rounds of a measurement
     * @param secondsOfRound least duration of a round
     * @param numModels number of models in one launch; 0 to leave them out
     */
    record Plan(
            List<ContractCheck> contract,
            List<Shape> shapes,
            int rounds,
            double secondsOfRound,
            int numModels) {
        private static final List<Shape> SHAPES =
                List.of(
                        new Shape(256, 54, 7, 1, 0, 0),
                        new Shape(256, 54, 7, 7, 0, 0),
                        new Shape(512, 54, 7, 7, 3.5e6, 25),
                        new Shape(512, 512, 10, 7, 2e6, 20),
                        new Shape(256, 512, 1000, 1, 0.75e6, 9),
                        new Shape(1024, 2048, 1000, 7, 0.33e6, 22),
                        new Shape(256, 54, 7, 0, 1e6, 0),
                        new Shape(256, 512, 10, 0, 0.5e6, 0));

        static Plan of(GpuCheckOptions options) {
            boolean isQuick = options.isQuick();
            List<ContractCheck> checks =
                    new ArrayList<>(
                            EngineContract.checks(
                                    isQuick ? ContractSize.SMALL : ContractSize.LARGE));
            if (options.events() > 0) {
                checks.add(EngineContract.longRun(options.events()));
            }
            return isQuick
                    ? new Plan(checks, SHAPES, 3, 0.1, 1000)
                    : new Plan(checks, SHAPES, 7, 0.5, 1000);
        }
    }

    /**
     * @param devices opens the device, with kernels that are kept
     * @param compiling opens the device so that kernels are compiled again
     * @param out takes what the command prints
     */
    GpuCheck(
            GpuCheckOptions options,
            CardFacts facts,
            Supplier<Device> devices,
            Supplier<Device> compiling,
            PrintWriter out,
            Plan plan) {
        this.options = options;
        this.facts = facts;
        this.devices = devices;
        this.compiling = compiling;
        this.out = out;
        this.plan = plan;
    }

    /** Runs the command and exits with its code. */
    public static void main(String[] args) {
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        System.exit(run(List.of(args), out, err));
    }

    /**
     * Runs the command.
     *
     * @return its exit code
     */
    public static int run(List<String> arguments, PrintWriter out, PrintWriter err) {
        GpuCheckOptions options;
        try {
            options = GpuCheckOptions.parse(arguments);
        } catch (IllegalArgumentException e) {
            err.println("gpu-check: " + e.getMessage());
            return UNUSABLE;
        }
        if (options.wantsHelp()) {
            out.print(GpuCheckOptions.USAGE);
            out.flush();
            return HELD;
        }
        try {
            Path bundle = options.bundle();
            if (bundle != null) {
                long bytes = Bundle.write(bundle, options.baselines());
                out.printf(
                        "%s has %.1f MB; run %s there%n",
                        bundle, bytes / 1e6, bundle.resolve(Bundle.SCRIPT));
                return HELD;
            }
            Optional<String> obstacle = CudaLibraries.findObstacle(options.libraries());
            if (obstacle.isPresent()) {
                err.println("gpu-check: no usable device: " + obstacle.get());
                return UNUSABLE;
            }
            return onDevice(options, out, err);
        } catch (FileSystemException e) {
            // The message of the more special ones is only the file.
            err.println("gpu-check: " + e);
            return NOT_HELD;
        } catch (IOException e) {
            err.println("gpu-check: " + e.getMessage());
            return NOT_HELD;
        } finally {
            out.flush();
        }
    }

    private static int onDevice(GpuCheckOptions options, PrintWriter out, PrintWriter err)
            throws IOException {
        Path kernels = Files.createTempDirectory("gpu-check");
        try {
            Supplier<Device> devices = () -> CudaDevice.open(0, kernels, err::println);
            Supplier<Device> compiling = () -> CudaDevice.open(0, null, err::println);
            CardFacts facts;
            try (Device device = devices.get()) {
                facts = CardFacts.of(device);
                // No check takes less memory than a stream.
                device.newStream();
            } catch (DeviceException e) {
                err.println("gpu-check: no usable device: " + e.getMessage());
                return UNUSABLE;
            }
            return new GpuCheck(options, facts, devices, compiling, out, Plan.of(options)).run();
        } finally {
            delete(kernels);
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }

    /** Checks and measures, prints the table, and returns the exit code. */
    int run() throws IOException {
        Engine engine = Engine.onDevice(facts.device().name(), devices);
        if (options.isUnderSanitizer()) {
            ContractResults part = ContractResults.run(EngineContract.part(), engine, this::print);
            return part.held() ? HELD : NOT_HELD;
        }
        print(facts.device().name() + ": the contract of the engines");
        ContractResults contract = ContractResults.run(plan.contract(), engine, this::print);
        List<String> failures = new ArrayList<>();
        SpeedCheck speed = new SpeedCheck(devices, plan.rounds(), plan.secondsOfRound());
        Map<Integer, Double> compileSeconds = new TreeMap<>();
        List<MeasuredShape> speeds = new ArrayList<>();
        LeakCheck leaks = null;
        ManyModels manyModels = null;
        if (contract.hasUsableDevice()) {
            for (Shape shape : plan.shapes()) {
                attempt(
                        "speed of " + shape.key(),
                        failures,
                        () -> {
                            compileSeconds.computeIfAbsent(
                                    shape.numClasses(),
                                    classes -> new SpeedCheck(compiling, 1, 0).openSeconds(shape));
                            MeasuredShape measured =
                                    new MeasuredShape(shape, speed.micros(shape, 1));
                            speeds.add(measured);
                            print(
                                    String.format(
                                            "speed of %s: %.1f µs a block",
                                            shape.key(), measured.micros()));
                            return measured;
                        });
            }
            leaks = attempt("leaks", failures, () -> LeakCheck.run(devices));
            if (plan.numModels() > 0) {
                manyModels = attempt("many models", failures, () -> manyModels(speed));
            }
        }
        Path script = options.baselines();
        Baselines baselines =
                options.isQuick() || script == null
                        ? Baselines.none("PyTorch and JAX were not measured")
                        : Baselines.measure(
                                script,
                                plan.shapes().stream()
                                        .filter(shape -> shape.numRates() > 0)
                                        .toList());
        List<Sanitizer.Result> sanitizer =
                options.isQuick()
                        ? List.of()
                        : Sanitizer.run(GpuCheck.class, Optional.ofNullable(options.libraries()));
        GpuReport report =
                new GpuReport(
                        facts,
                        contract,
                        compileSeconds,
                        speeds,
                        baselines,
                        manyModels,
                        leaks,
                        sanitizer,
                        sanitizer.isEmpty() ? "compute-sanitizer was not run" : "",
                        failures);
        print("");
        report.table().forEach(this::print);
        Path file = options.out();
        if (file != null) {
            Files.writeString(file, report.json());
        }
        return report.held() ? HELD : NOT_HELD;
    }

    private void print(String line) {
        out.println(line);
        out.flush();
    }

    /** Returns a result; null if the device cannot do it, such as for lack of memory. */
    private static <T> @Nullable T attempt(
            String name, List<String> failures, Supplier<T> measurement) {
        try {
            return measurement.get();
        } catch (DeviceException e) {
            failures.add(name + ": " + e.getMessage());
            return null;
        }
    }

    private ManyModels manyModels(SpeedCheck speed) {
        Shape one = new Shape(256, 54, 7, 7, 0, 0);
        Shape each = new Shape(32, 54, 7, 7, 0, 0);
        return new ManyModels(
                one.rows(),
                speed.micros(one, 1),
                plan.numModels(),
                each.rows(),
                speed.micros(each, plan.numModels()));
    }
}
