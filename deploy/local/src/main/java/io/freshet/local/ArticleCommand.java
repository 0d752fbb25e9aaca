package io.freshet.local;

import static io.freshet.local.cli.TerminalText.printable;
import static io.freshet.local.watch.TerminalDisplay.format;

import io.freshet.local.article.ArticleJob;
import io.freshet.local.article.ArticleReport;
import io.freshet.local.article.ArticleSettings;
import io.freshet.local.article.RunningLossLines;
import io.freshet.local.cli.JobFailedException;
import io.freshet.local.cli.SettingsOptions;
import io.freshet.local.cli.ShutdownStack;
import io.freshet.local.cli.TerminalText;
import io.freshet.local.cli.UserException;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.local.dashboard.DashboardData;
import io.freshet.local.dashboard.DashboardOptions;
import io.freshet.local.evaluate.Evaluation;
import io.freshet.local.evaluate.EvaluationScores;
import io.freshet.local.evaluate.EvaluationText;
import io.freshet.local.evaluate.ServedModel;
import io.freshet.local.images.ImageChange;
import io.freshet.local.images.ImageOptions;
import io.freshet.local.images.ImagePart;
import io.freshet.local.images.ImageProgress;
import io.freshet.local.images.ImageStream;
import io.freshet.local.watch.TerminalDisplay;
import io.freshet.pipeline.JobConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Command {@code freshet article}: the training program of PyTorch's tutorials as a stream. */
@Command(
        name = "article",
        mixinStandardHelpOptions = true,
        description = {
            "Trains the last layer of a pretrained network on a stream of images, step by step as"
                    + " PyTorch's tutorials do it, and tests it on the test images.",
            "Then the same stream with Freshet's defaults, without a learning rate to choose, and"
                    + " images that change while the job runs.",
            "Runs Kafka, Flink and the jobs in this process, and ends by itself."
        })
final class ArticleCommand implements Callable<Integer> {
    private static final String MARGIN = "   ";
    private static final int WIDTH = 80;

    /** Number of test images left out that are named. */
    private static final int MAX_NAMED = 20;

    @Mixin private ImageOptions imageOptions = new ImageOptions();

    @Option(
            names = "--epochs",
            paramLabel = "N",
            defaultValue = "1",
            description =
                    "Number of times that the training images are streamed (default:"
                            + " ${DEFAULT-VALUE}).")
    private int epochs = 1;

    @Option(
            names = "--shuffle",
            paramLabel = "SEED|off",
            description =
                    "Seed of the order of the images in each epoch, or off (default: 1, or off if"
                            + " --order is given).")
    private @Nullable String shuffle;

    @Option(
            names = "--augment",
            paramLabel = "SEED|off",
            defaultValue = ImageOptions.AUGMENTATION_SEED,
            description =
                    "Seed of the random crops and flips of training images, or off (default:"
                            + " ${DEFAULT-VALUE}).")
    private String augment = "";

    @Option(
            names = "--change",
            paramLabel = "low-contrast|noise|none",
            defaultValue = "low-contrast",
            description =
                    "How the images change in the last step, or none to leave it out (default:"
                            + " ${DEFAULT-VALUE}).")
    private String changeName = "";

    @Mixin private DashboardOptions dashboardOptions = new DashboardOptions();

    @Option(
            names = "--stay",
            description = "Keeps serving the last dashboard after the end, until Ctrl-C.")
    private boolean stay;

    @Mixin private SettingsOptions settingsOptions = new SettingsOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    private ImageChange change = ImageChange.NONE;
    private PrintWriter out = new PrintWriter(PrintWriter.nullWriter());
    private TerminalDisplay display = TerminalDisplay.forTerminal(out);
    private int leftOut;

    @Override
    public Integer call() throws Exception {
        out = spec.commandLine().getOut();
        display = TerminalDisplay.forTerminal(out);
        change = ImageChange.of("--change", changeName);
        if (epochs < 1) {
            throw new UserException("--epochs " + epochs + ": must be at least 1");
        }
        try (ShutdownStack open = new ShutdownStack()) {
            ImageStream.Options options = streamOptions();
            ImageStream training =
                    open.add(imageOptions.open(ImagePart.TRAIN, options, (name, problem) -> {}));
            ImageStream test =
                    open.add(
                            imageOptions.openTestImages(
                                    ImageStream.Options.plain(), this::leftOut));
            // Reports errors first.
            JobConfig.parse(articleSettings(training, "localhost:1"));
            dashboardOptions.start(new DashboardData()).close();
            describe(training, test);
            EmbeddedKafka kafka = open.add(EmbeddedKafka.start());
            ArticleJob article =
                    open.add(train(articleSettings(training, kafka.bootstrapServers()), training));
            if (article.accepted() == 0) {
                throw new JobFailedException(
                        "the job has trained on none of the images: "
                                + (article.events() == 0
                                        ? "none could be read"
                                        : format("%,d were dead letters", article.events())));
            }
            open.close(article); // the next dashboard uses its port
            ArticleJob defaults =
                    open.add(
                            trainWithDefaults(
                                    ArticleSettings.defaults(training, kafka.bootstrapServers()),
                                    article.events()));
            ServedModel learnt = defaults.model();
            boolean tested = test(test, article, defaults, learnt);
            if (tested && change != ImageChange.NONE) {
                change(defaults, learnt, open);
            }
            if (stay) {
                out.println();
                out.println(MARGIN + "Dashboard at " + defaults.dashboard() + " until Ctrl-C");
                out.flush();
                defaults.awaitEnd();
            }
            return tested ? 0 : 1;
        }
    }

    private ImageStream.Options streamOptions() {
        String order = imageOptions.hasOrder() ? "off" : ImageOptions.SHUFFLE_SEED;
        return new ImageStream.Options(
                epochs,
                ImageOptions.seed("--shuffle", shuffle == null ? order : shuffle),
                ImageOptions.seed("--augment", augment),
                ImageChange.NONE);
    }

    private void leftOut(String name, String problem) {
        leftOut++;
        if (leftOut <= MAX_NAMED) {
            display.printAbove(MARGIN + "left out: " + name + ": " + problem);
        } else if (leftOut == MAX_NAMED + 1) {
            display.printAbove(MARGIN + "further images that are left out are not named");
        }
    }

    private Map<String, String> articleSettings(ImageStream training, String bootstrapServers) {
        return ArticleSettings.article(training, bootstrapServers, settingsOptions.read());
    }

    private void step(int number, String name) {
        out.println();
        out.println(number + ". " + name);
        out.flush();
    }

    private void describe(ImageStream training, ImageStream test) {
        step(1, "Load and normalise the images");
        out.println(TerminalText.fit(MARGIN + printable(imageOptions.folderName()), WIDTH));
        out.println(
                format(
                        MARGIN + "%,d training images%s, %d classes",
                        training.size() / epochs,
                        epochs == 1 ? "" : " in " + epochs + " epochs",
                        training.classes().size()));
        out.println(format(MARGIN + "%,d test images", test.size()));
        if (training.isSortedByClass()) {
            out.println(MARGIN + "warning: they come class by class; --shuffle SEED mixes them");
        }
        step(2, "Define the network");
        out.println(TerminalText.fit(MARGIN + printable(imageOptions.networkName()), WIDTH));
        out.println(
                format(
                        MARGIN + "frozen, gives %,d features; only the last layer learns",
                        training.numFeatures()));
    }

    /** Runs the article's training loop, and returns the stopped job. */
    private ArticleJob train(Map<String, String> settings, ImageStream training) throws Exception {
        step(3, "Define the loss function and the optimiser");
        ArticleSettings.choices(settings, settingsOptions.read())
                .forEach(choice -> out.println(MARGIN + printable(choice)));
        step(4, "Train the network");
        RunningLossLines lines =
                new RunningLossLines(
                        training.size() / epochs,
                        JobConfig.parse(settings).learn().learner().miniBatchSize());
        ArticleJob job =
                ArticleJob.start(
                        settings,
                        dashboardOptions,
                        event -> lines.of(event).forEach(display::printAbove),
                        display::printAbove);
        try {
            printAddresses(job);
            job.send(training, new ImageProgress(display, MARGIN, 0, training.size()));
            job.stop();
            out.println("Finished Training");
            out.flush();
            return job;
        } catch (Exception e) {
            throw closed(job, e);
        }
    }

    /** Runs a job with Freshet's defaults over the events that the first job has learnt from. */
    private ArticleJob trainWithDefaults(Map<String, String> settings, long events)
            throws Exception {
        out.println(
                MARGIN + "The same stream with Freshet's defaults, no learning rate to choose:");
        ArticleJob job =
                ArticleJob.start(settings, dashboardOptions, event -> {}, display::printAbove);
        try {
            printAddresses(job);
            long start = System.nanoTime();
            job.learn(events);
            double seconds = (System.nanoTime() - start) / (double) TimeUnit.SECONDS.toNanos(1);
            out.println(format(MARGIN + "%,d images in %.1f s", events, seconds));
            out.flush();
            return job;
        } catch (Exception e) {
            throw closed(job, e);
        }
    }

    private void printAddresses(ArticleJob job) {
        out.println(MARGIN + "Dashboard at " + job.dashboard() + ", Flink at " + job.flink());
        out.flush();
    }

    /** Closes a job after a failure, and returns the failure. */
    private static Exception closed(ArticleJob job, Exception failure) {
        try {
            job.close();
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
        return failure;
    }

    /** Prints the figures on the test images, and returns whether there are any. */
    private boolean test(
            ImageStream test, ArticleJob article, ArticleJob defaults, ServedModel learnt)
            throws Exception {
        step(5, "Test the network on the test images");
        List<EvaluationScores> scores = evaluate(test, List.of(article.model(), learnt));
        EvaluationText.leftOut(scores.get(0)).forEach(out::println);
        out.println(EvaluationText.accuracy(scores.get(0), ImagePart.TEST.text()));
        out.println();
        ArticleReport.comparison(
                        article.lastMetrics(), defaults.lastMetrics(), scores.get(0), scores.get(1))
                .forEach(out::println);
        out.flush();
        return scores.get(0).examples() > 0;
    }

    private List<EvaluationScores> evaluate(ImageStream images, List<ServedModel> models)
            throws IOException {
        List<EvaluationScores> scores =
                Evaluation.of(
                        images,
                        Long.MAX_VALUE,
                        models,
                        done -> {
                            if (display.isInteractive()) {
                                display.showLine(
                                        format(MARGIN + "%,d of %,d", done, images.size()));
                            }
                        });
        if (display.isInteractive()) {
            display.replaceBy(format(MARGIN + "%,d of %,d", images.size(), images.size()));
        }
        return scores;
    }

    /** Sends the training images once more, changed, to the job that has learnt from them. */
    private void change(ArticleJob job, ServedModel learnt, ShutdownStack open) throws Exception {
        step(6, "What the program cannot do: the images change (" + change.text() + ")");
        ImageStream.Options options = streamOptions();
        ImageStream changed =
                open.add(
                        imageOptions.open(
                                ImagePart.TRAIN,
                                new ImageStream.Options(
                                        1,
                                        options.shuffleSeed(),
                                        options.augmentationSeed(),
                                        change),
                                (name, problem) -> {}));
        ImageStream test =
                open.add(
                        imageOptions.openTestImages(
                                ImageStream.Options.plain().changed(change),
                                (name, problem) -> {}));
        long before = job.accepted();
        job.send(changed, new ImageProgress(display, MARGIN, 0, changed.size()));
        job.stop();
        List<EvaluationScores> scores = evaluate(test, List.of(learnt, job.model()));
        out.println();
        ArticleReport.change(job.metrics(), job.driftAlerts(), before, scores.get(0), scores.get(1))
                .forEach(out::println);
        out.flush();
    }
}
