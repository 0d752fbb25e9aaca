package io.freshet.local;

import io.freshet.model.check.GpuCheck;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/** Command {@code gpu-check}: checks the learner on this machine's CUDA device. */
@Command(
        name = "gpu-check",
        description = "Checks the learner on this machine's CUDA device, and measures it.")
final class GpuCheckCommand implements Callable<Integer> {
    /** Parsed by the command itself, which also runs without this command line. */
    @Unmatched private List<String> arguments = new ArrayList<>();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() {
        return GpuCheck.run(arguments, spec.commandLine().getOut(), spec.commandLine().getErr());
    }
}
