package io.freshet.local;

import io.freshet.local.cli.UserException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Command {@code freshet models}, with its subcommands. */
@Command(
        name = "models",
        mixinStandardHelpOptions = true,
        description = "Lists, shows, compares, exports and imports models.",
        subcommands = {
            ModelsListCommand.class,
            ModelsShowCommand.class,
            ModelsDiffCommand.class,
            ModelsExportCommand.class,
            ModelsImportCommand.class
        })
final class ModelsCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public void run() {
        throw new UserException(
                spec.qualifiedName()
                        + " needs one of "
                        + String.join(", ", spec.subcommands().keySet()));
    }
}
