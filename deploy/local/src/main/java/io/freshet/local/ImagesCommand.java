package io.freshet.local;

import static io.freshet.local.cli.TerminalText.printable;

import io.freshet.local.cli.SettingsOptions;
import io.freshet.local.cli.ShutdownStack;
import io.freshet.local.cli.UserException;
import io.freshet.local.images.ImageChange;
import io.freshet.local.images.ImageOptions;
import io.freshet.local.images.ImagePart;
import io.freshet.local.images.ImageProgress;
import io.freshet.local.images.ImageSender;
import io.freshet.local.images.ImageStream;
import io.freshet.local.watch.TerminalDisplay;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.KafkaPreflight;
import java.io.PrintWriter;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Command {@code freshet images}: sends images as labelled events of a network's features. */
@Command(
        name = "images",
        mixinStandardHelpOptions = true,
        description = {
            "Runs images through a frozen network and sends its outputs, with the images' classes,"
                    + " as labelled events.",
            "If it is stopped, the same command goes on with the first image that is not sent yet."
        })
final class ImagesCommand implements Callable<Integer> {
    @Mixin private ImageOptions imageOptions = new ImageOptions();
    @Mixin private SettingsOptions settingsOptions = new SettingsOptions();

    @Option(
            names = "--part",
            paramLabel = "train|test",
            defaultValue = "train",
            description = "Images to learn from, or to test with (default: ${DEFAULT-VALUE}).")
    private ImagePart part = ImagePart.TRAIN;

    @Option(
            names = "--epochs",
            paramLabel = "N",
            defaultValue = "1",
            description = "Number of times that the images are sent (default: ${DEFAULT-VALUE}).")
    private int epochs = 1;

    @Option(
            names = "--shuffle",
            paramLabel = "SEED|off",
            defaultValue = "off",
            description =
                    "Seed of the order in which the images of each epoch are sent, or off for that"
                            + " of the files (default: ${DEFAULT-VALUE}).")
    private String shuffle = "";

    @Option(
            names = "--augment",
            paramLabel = "SEED|off",
            description =
                    "Seed of the random crops (4 pixels around the image) and horizontal flips, or"
                            + " off (default: 1, and off for test images).")
    private @Nullable String augment;

    @Option(
            names = "--change",
            paramLabel = "none|low-contrast|noise",
            defaultValue = "none",
            description =
                    "Changes every image, to see what a model does when a camera or the light"
                            + " becomes worse (default: ${DEFAULT-VALUE}).")
    private String change = "";

    @Option(
            names = "--again",
            description = "Sends all images, even if they were sent to this topic before.")
    private boolean again;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    private ImageStream.Options streamOptions() {
        String augmentation = augment == null ? defaultAugmentation() : augment;
        return new ImageStream.Options(
                epochs,
                ImageOptions.seed("--shuffle", shuffle),
                ImageOptions.seed("--augment", augmentation),
                ImageChange.of("--change", change));
    }

    private String defaultAugmentation() {
        return part == ImagePart.TRAIN ? ImageOptions.AUGMENTATION_SEED : "off";
    }

    @Override
    public Integer call() throws Exception {
        if (epochs < 1) {
            throw new UserException("--epochs " + epochs + ": must be at least 1");
        }
        PrintWriter out = spec.commandLine().getOut();
        try (ShutdownStack open = new ShutdownStack()) {
            ImageStream stream =
                    open.add(imageOptions.open(part, streamOptions(), (name, problem) -> {}));
            Map<String, String> settings = new HashMap<>(stream.settings());
            settings.putAll(settingsOptions.read());
            JobConfig config = JobConfig.parse(settings);
            String topic = config.kafka().labelledEvents();
            KafkaPreflight.requireTopic(config.kafka(), topic);
            out.println(
                    TerminalDisplay.format(
                            "sending %,d images (%s) to %s at %s",
                            stream.size(),
                            printable(stream.description()),
                            topic,
                            config.kafka().bootstrapServers()));
            if (stream.isSortedByClass()) {
                out.println(
                        "warning: the images come class by class; --shuffle SEED or --order FILE"
                                + " mixes them");
            }
            out.println("the job that trains on them needs");
            stream.settings()
                    .forEach((key, value) -> out.println("  " + key + "=" + printable(value)));
            ImageSender sender =
                    open.add(
                            ImageSender.open(config.kafka().client(), topic, stream.name(), again));
            if (sender.start() >= stream.size()) {
                out.println("all of them were sent before; --again sends them once more");
                out.flush();
                return 0;
            }
            if (sender.start() > 0) {
                out.println(
                        TerminalDisplay.format(
                                "%,d were sent before; this goes on after them", sender.start()));
            }
            out.flush();
            ImageProgress progress =
                    new ImageProgress(
                            TerminalDisplay.forTerminal(out), "", sender.start(), stream.size());
            sender.send(stream, progress);
            progress.end();
            return progress.isAllBroken() ? 1 : 0;
        }
    }
}
