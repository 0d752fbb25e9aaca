package io.freshet.local;

import static io.freshet.local.cli.TerminalText.printable;

import io.freshet.ingest.IngestConfig;
import io.freshet.local.cli.SettingsOptions;
import io.freshet.local.stream.LabelledStream;
import io.freshet.local.stream.StreamOptions;
import io.freshet.local.stream.StreamSender;
import io.freshet.local.watch.TerminalDisplay;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.KafkaPreflight;
import java.io.PrintWriter;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Command {@code freshet replay}: sends a stream of labelled events to any Kafka. */
@Command(
        name = "replay",
        mixinStandardHelpOptions = true,
        description = "Sends a stream to the topic of labelled events of any Kafka.")
final class ReplayCommand implements Callable<Integer> {
    @Mixin private StreamOptions streamOptions = new StreamOptions();
    @Mixin private SettingsOptions settingsOptions = new SettingsOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        LabelledStream stream = streamOptions.stream(settingsOptions.read());
        Map<String, String> settings = new HashMap<>(stream.settings());
        settings.putAll(settingsOptions.read());
        JobConfig config = JobConfig.parse(settings);
        KafkaPreflight.requireTopic(config.kafka(), config.kafka().labelledEvents());
        PrintWriter out = spec.commandLine().getOut();
        out.println(
                TerminalDisplay.format(
                        "sending %,d events of %s to %s at %s",
                        streamOptions.limit(stream),
                        printable(stream.description()),
                        config.kafka().labelledEvents(),
                        config.kafka().bootstrapServers()));
        out.println("the job that trains on them needs");
        stream.settings().forEach((key, value) -> out.println("  " + key + "=" + printable(value)));
        out.println("and, for the same figures in every run over one partition,");
        out.println("  " + IngestConfig.BLOCK_MAX_WAIT + "=off");
        out.flush();
        StreamSender sender =
                new StreamSender(
                        config.kafka().client(),
                        config.kafka().labelledEvents(),
                        streamOptions.eventsPerSecond());
        long start = System.nanoTime();
        sender.send(stream, streamOptions.limit(stream));
        double seconds = (System.nanoTime() - start) / 1e9;
        out.println(
                TerminalDisplay.format(
                        "sent %,d events in %.1f s (%,.0f events/s)",
                        sender.sent(), seconds, sender.sent() / seconds));
        out.flush();
        return 0;
    }
}
