package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.local.dashboard.Dashboard;
import io.freshet.local.dashboard.DashboardData;
import io.freshet.local.watch.JobActivity;
import io.freshet.local.watch.ReaderState;
import io.freshet.local.watch.ResultsReader;
import io.freshet.local.watch.SourcePosition;
import io.freshet.local.watch.WatchedTopics;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.IntStream;

/**
 * Check of the dashboard in a headless browser with simulated jobs whose streams drift: contents,
 * updates, layout, contrast, and absence of errors. It writes screenshots.
 *
 * <p>Exits with 0 on success, 1 if a check fails, and 3 if there is no Chromium.
 */
final class DashboardCheck {
    private static final int NO_CHROMIUM = 3;
    private static final int RECORDS = 160;
    private static final String HOSTILE =
            "<img src=x onerror=\"document.title='taken'\">\u202E gnitrevni";

    private final Chromium chromium;
    private final Path pictures;

    private DashboardCheck(Chromium chromium, Path pictures) {
        this.chromium = chromium;
        this.pictures = pictures;
    }

    public static void main(String[] args) throws Exception {
        Optional<Path> binary = Chromium.find();
        if (binary.isEmpty()) {
            System.out.println(
                    "dashboard-check: no Chromium found (on the PATH, or named by CHROMIUM);"
                            + " nothing was checked");
            System.exit(NO_CHROMIUM);
        }
        Path pictures = Path.of(args[0]);
        Files.createDirectories(pictures);
        WatchedTopics topics = new WatchedTopics("metrics", "drift-alerts", "models");
        DashboardData data = new DashboardData();
        try (EmbeddedKafka kafka = EmbeddedKafka.start();
                SimulatedResultsPublisher publisher = SimulatedResultsPublisher.on(kafka, topics);
                Chromium chromium = Chromium.start(binary.get())) {
            Dashboard dashboard = Dashboard.start(data, "localhost", Dashboard.ANY_PORT);
            ResultsReader reader =
                    ResultsReader.start(
                            Map.of("bootstrap.servers", kafka.bootstrapServers()), topics, data);
            try {
                DashboardCheck check = new DashboardCheck(chromium, pictures);
                check.lookAtStates();
                check.look(dashboard.address(), publisher);
            } finally {
                reader.close();
                dashboard.close();
            }
            Chromium.await(
                    "the page to show that the stream has ended",
                    () -> chromium.isTrue(text("#connection-text") + ".startsWith('Ended')"));
        } catch (AssertionError e) {
            System.out.println("dashboard-check: " + e.getMessage());
            System.exit(1);
        }
        System.out.println("dashboard-check: passed; screenshots are in " + pictures);
        System.exit(0);
    }

    private static String text(String selector) {
        return "document.querySelector('" + selector + "').textContent";
    }

    /** Looks at a job that is live, idle, late, silent and stopped, and at a lost connection. */
    private void lookAtStates() throws Exception {
        DashboardData data = new DashboardData();
        long now = System.currentTimeMillis();
        SimulatedResults results =
                new SimulatedResults(
                        7,
                        "default",
                        List.of("amber", "blue", "coral", "green", "violet"),
                        List.of(30_000L),
                        now - RECORDS * 1000L,
                        1000);
        for (int sequence = 0; sequence < RECORDS; sequence++) {
            data.onMetrics(results.metrics(sequence), now - (RECORDS - sequence) * 1000L);
        }
        data.onStateChange(new ReaderState(ReaderState.Kind.LIVE, ""));
        chromium.look(1440, 900, false);
        try (Dashboard dashboard = Dashboard.start(data, "localhost", Dashboard.ANY_PORT)) {
            data.onActivity(activity(0, SourcePosition.UNKNOWN));
            chromium.open(dashboard.address());
            lookAtState("live", "Live");
            data.onActivity(
                    activity(
                            40,
                            new SourcePosition(
                                    List.of(new SourcePosition.Lag("labelled-events", 0, true)),
                                    OptionalLong.of(System.currentTimeMillis()),
                                    10_000,
                                    OptionalLong.empty(),
                                    List.of())));
            lookAtState("idle", "Live, no events for 4");
            SourcePosition waiting =
                    new SourcePosition(
                            List.of(new SourcePosition.Lag("labelled-events", 4_000, false)),
                            OptionalLong.empty(),
                            0,
                            OptionalLong.empty(),
                            List.of());
            data.onActivity(activity(45, waiting));
            lookAtState("late", "No update for 4");
            chromium.look(1440, 900, true);
            await("the dark colours", "document.documentElement.dataset.theme === 'dark'");
            assertContrast();
            data.onActivity(activity(24 * 60, waiting));
            lookAtState("silent", "No update for 24 min, about 4,000 events are waiting");
            picture("state-silent-dark");
            chromium.look(1440, 900, false);
            await("the light colours", "document.documentElement.dataset.theme === 'light'");
            assertContrast();
            picture("state-silent");
            data.stopped(System.currentTimeMillis() - 180_000);
            lookAtState("stopped", "Stopped 3 min ago");
        }
        await(
                "the page to show that the server is gone",
                "document.body.dataset.stale === 'lost'"
                        + " && "
                        + text("#connection-text")
                        + ".startsWith('Connection lost')");
        picture("state-lost");
    }

    private static JobActivity activity(long secondsAgo, SourcePosition source) {
        return new JobActivity(
                OptionalLong.of(System.currentTimeMillis() - secondsAgo * 1000), 1_000, source);
    }

    private void lookAtState(String state, String text) throws Exception {
        await(
                "the state " + state,
                "document.getElementById('connection').dataset.state === '"
                        + state
                        + "' && "
                        + text("#connection-text")
                        + ".startsWith('"
                        + text
                        + "')");
        boolean stale = !state.equals("live") && !state.equals("idle");
        assertThat(chromium.evaluate("document.body.dataset.stale ?? ''").asText())
                .as("greyed figures")
                .isEqualTo(stale ? state : "");
        assertThat(chromium.evaluate("document.title").asText().startsWith(text))
                .as("state in the title")
                .isEqualTo(stale);
        assertContrast();
        assertRules();
        picture("state-" + state);
    }

    private void look(URI page, SimulatedResultsPublisher publisher) throws Exception {
        long start = System.currentTimeMillis() - RECORDS * 1000L;
        SimulatedResults results =
                new SimulatedResults(
                        7,
                        "default",
                        List.of("amber", "blue", "coral", "green", "violet"),
                        List.of(30_000L, 78_000L),
                        start,
                        1000);
        SimulatedResults many =
                new SimulatedResults(
                        8,
                        "sixty-classes",
                        IntStream.range(0, 60).mapToObj(k -> "class " + k).toList(),
                        List.of(20_000L),
                        start,
                        1000);
        SimulatedResults hostile =
                new SimulatedResults(
                        9, HOSTILE, List.of(HOSTILE, "<b>bold</b>"), List.of(9_000L), start, 1000);
        SimulatedResults ensemble =
                new SimulatedResults(
                                11, "ensemble", List.of("a", "b"), List.of(9_000L), start, 1000)
                        .ofEnsemble();
        chromium.look(1440, 900, false);
        chromium.open(page);
        await("the notice of a page without data", "!document.getElementById('notice').hidden");
        chromium.press("Tab");
        assertThat(chromium.evaluate("document.activeElement.className").asText())
                .as("focus after the first Tab")
                .isEqualTo("skip");
        chromium.evaluate("document.activeElement.blur()");
        picture("empty");

        for (int sequence = 0; sequence < RECORDS - 10; sequence++) {
            publisher.publish(results, sequence);
        }
        for (int sequence = 0; sequence < 60; sequence++) {
            publisher.publish(many, sequence);
            publisher.publish(hostile, sequence);
            publisher.publish(ensemble, sequence);
        }
        await("the first drift's mark", marks("loss", 1));
        await(
                "the figures by class",
                "document.querySelectorAll('.classes tbody tr').length === 5");

        String before = chromium.evaluate(canvas()).asText();
        for (int sequence = RECORDS - 10; sequence < RECORDS; sequence++) {
            publisher.publish(results, sequence);
        }
        await("the second drift's mark", marks("loss", 2) + " && " + marks("accuracy", 2));
        await("the newest figures", text("#key-figures") + ".includes('80,000')");
        assertThat(chromium.evaluate(text("#key-figures")).asText())
                .contains("examples per second · CUDA: NVIDIA H200");
        await("the second alert", "document.querySelectorAll('.alert').length === 2");
        assertThat(chromium.evaluate(canvas()).asText())
                .as("the curve after new metrics")
                .isNotEqualTo(before);
        assertContrast();
        assertRules();
        picture("desktop-light");

        chromium.look(1440, 900, true);
        await("the dark colours", "document.documentElement.dataset.theme === 'dark'");
        assertContrast();
        assertRules();
        picture("desktop-dark");

        chromium.look(400, 800, false);
        await(
                "charts as wide as the page",
                "document.querySelector('#loss canvas').clientWidth < 400");
        assertThat(
                        chromium.evaluate(
                                        "document.documentElement.scrollWidth"
                                                + " - document.documentElement.clientWidth")
                                .asInt())
                .as("pixels to scroll sideways at 400")
                .isZero();
        assertRules();
        picture("400-light");
        chromium.look(1440, 900, false);

        lookAtZoom();
        lookAtPause(results, publisher);
        lookAtOtherModels();
        lookAtAnEnsemble();
        lookAtALongStream(publisher, start);
        assertThat(chromium.complaints()).as("errors and warnings of the page").isEmpty();
    }

    private void lookAtZoom() throws Exception {
        chromium.evaluate("scrollTo(0, 0)");
        chromium.evaluate("document.getElementById('axis-time').click()");
        await("the marks over time", marks("loss", 2));
        picture("time");
        chromium.evaluate("document.getElementById('axis-examples').click()");
        chromium.evaluate("document.querySelector('#loss .plot').focus()");
        chromium.press("+");
        await("the keyboard's zoom", "!document.getElementById('zoom').hidden");
        chromium.press("0");
        await("all again", "document.getElementById('zoom').hidden");
        int x =
                chromium.evaluate(
                                "document.querySelector('#loss .u-over').getBoundingClientRect().x")
                        .asInt();
        int y =
                chromium.evaluate(
                                "document.querySelector('#loss .u-over').getBoundingClientRect().y")
                        .asInt();
        chromium.drag(x + 150, x + 350, y + 60);
        await("the mouse's zoom", "!document.getElementById('zoom').hidden");
        picture("zoomed");
        chromium.evaluate("document.getElementById('zoom-reset').click()");
        await("all again", "document.getElementById('zoom').hidden");
    }

    private void lookAtPause(SimulatedResults results, SimulatedResultsPublisher publisher)
            throws Exception {
        chromium.evaluate("document.getElementById('pause').click()");
        String paused = chromium.evaluate(text("#key-figures")).asText();
        publisher.publish(results, RECORDS);
        publisher.flush();
        assertThat(chromium.evaluate(text("#key-figures")).asText())
                .as("figures of a page that is paused")
                .isEqualTo(paused);
        chromium.evaluate("document.getElementById('pause').click()");
        await("the figures after the pause", text("#key-figures") + ".includes('80,500')");
    }

    private void lookAtOtherModels() throws Exception {
        choose("sixty-classes");
        await("sixty classes", "document.querySelector('.confusion-map canvas') !== null");
        picture("sixty-classes");
        choose(HOSTILE);
        await("two classes", "document.querySelectorAll('.classes tbody tr').length === 2");
        assertThat(
                        chromium.evaluate("document.querySelectorAll('main img, main b').length")
                                .asInt())
                .as("elements made from data")
                .isZero();
        assertThat(chromium.evaluate("document.title").asText()).endsWith("Freshet");
        picture("hostile");
    }

    /** The experts of an ensemble have lines instead of areas, and an explanation of each kind. */
    private void lookAtAnEnsemble() throws Exception {
        assertThat(chromium.isTrue(hidden("stack-card") + " && !" + hidden("mixture-card")))
                .as("panels of a mixture")
                .isTrue();
        choose("ensemble");
        await("the weights in the stack", "!" + hidden("stack-card"));
        await("no mixture over learning rates", hidden("mixture-card"));
        await(
                "all experts' curves",
                legend("stack-weights") + " === 11 && " + legend("expert-losses") + " === 12");
        await("the kinds", "document.querySelectorAll('.kinds li').length === 4");
        assertThat(chromium.evaluate(text("#key-figures")).asText())
                .contains("examples per second · CPU");
        assertThat(chromium.evaluate(text("#expert-kinds")).asText())
                .contains("Linear models")
                .contains("Nearest examplesweight +")
                .contains("6 % mixture, 75 % stack, 19 % correction");
        assertThat(chromium.evaluate(text("#stack-weights .legend")).asText())
                .containsPattern("nearest of 1024\\+[01]\\.[0-9]{2}");
        for (boolean dark : new boolean[] {true, false}) {
            chromium.look(800, 900, dark);
            await(
                    "the colours",
                    "document.documentElement.dataset.theme === '"
                            + (dark ? "dark" : "light")
                            + "'");
            assertContrast();
            assertRules();
            picture("ensemble-800-" + (dark ? "dark" : "light"));
        }
        chromium.look(1440, 900, false);
        picture("ensemble");
    }

    private static String hidden(String id) {
        return "document.getElementById('" + id + "').hidden";
    }

    private static String legend(String chart) {
        return "document.querySelectorAll('#" + chart + " .legend li').length";
    }

    /** Sends more points than an open page keeps; its chart must still start at the first. */
    private void lookAtALongStream(SimulatedResultsPublisher publisher, long start)
            throws Exception {
        int records = 8_000;
        SimulatedResults results =
                new SimulatedResults(
                        10, "long", List.of("a", "b"), List.of(1_000_000L), start, 1000);
        publisher.publish(results, 0);
        await("the model", text("#model") + ".includes('long')");
        choose("long");
        await("its first record", text("#key-figures") + ".includes('500')");
        for (int sequence = 1; sequence < records; sequence++) {
            publisher.publish(results, sequence);
        }
        await("its last", text("#key-figures") + ".includes('4,000,000')");
        chromium.evaluate("document.querySelector('#loss details').open = true");
        await("the table", "document.querySelector('#loss tbody tr') !== null");
        assertThat(
                        chromium.evaluate(
                                        "Number(document.querySelector('#loss tbody tr:last-child"
                                                + " th').textContent.replaceAll(',', ''))")
                                .asLong())
                .as("the oldest point of 4,000,000 examples")
                .isLessThan(10_000);
        assertThat(
                        chromium.evaluate(
                                        "Number("
                                                + text("#footer-note")
                                                + ".match(/([\\d,]+) points/)[1].replaceAll(',',"
                                                + " ''))")
                                .asLong())
                .as("points kept of " + records)
                .isLessThan(records);
        picture("long");
    }

    private void choose(String modelId) throws Exception {
        chromium.evaluate(
                "(() => { const chooser = document.getElementById('model');"
                        + " chooser.value = "
                        + new ObjectMapper().writeValueAsString(modelId)
                        + "; chooser.dispatchEvent(new Event('change')); })()");
    }

    /**
     * Checks that every text has a contrast of 4.5 to 1 with its background, and every curve 3 to 1
     * (WCAG 2.2, AA).
     */
    private void assertContrast() {
        String contrast =
                """
                (async () => {
                  const { colour } = await import("/theme.js");
                  const channels = (text) => {
                    const numbers = text.match(/[\\d.]+/g).map(Number);
                    return text.startsWith("color(") ? numbers.map((n, i) => (i < 3 ? n * 255 : n)) : numbers;
                  };
                  const light = (text) => {
                    const [r, g, b] = channels(text).map((each) => {
                      const channel = each / 255;
                      return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
                    });
                    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
                  };
                  const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05)
                      / (Math.min(light(a), light(b)) + 0.05);
                  const behind = (node) => {
                    const own = getComputedStyle(node).backgroundColor;
                    return channels(own)[3] === 0 ? behind(node.parentElement) : own;
                  };
                  const low = new Set();
                  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
                  while (texts.nextNode()) {
                    const node = texts.currentNode.parentElement;
                    if (!texts.currentNode.data.trim() || !node.checkVisibility() || node.closest("svg")) {
                      continue;
                    }
                    const text = getComputedStyle(node).color;
                    if (ratio(text, behind(node)) < 4.5) {
                      low.add(`${texts.currentNode.data}: ${text} on ${behind(node)}`);
                    }
                  }
                  const experts = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => `--expert-${i}`);
                  for (const curve of ["--model", "--second", "--third", "--fourth", "--fifth", "--drift", ...experts]) {
                    if (ratio(colour(curve), colour("--card")) < 3) {
                      low.add(curve);
                    }
                  }
                  return [...low].join("; ");
                })()
                """;
        assertThat(chromium.evaluate(contrast).asText()).as("contrasts that are too low").isEmpty();
    }

    /** Runs axe-core, if the environment variable {@code AXE} names its {@code axe.min.js}. */
    private void assertRules() throws Exception {
        String axe = System.getenv("AXE");
        if (axe == null) {
            return;
        }
        chromium.evaluate(Files.readString(Path.of(axe)) + "; null");
        String found =
                """
                axe.run().then((results) => results.violations.map((each) =>
                    each.id + ": " + each.nodes.map((node) => node.html + " " + node.failureSummary).join("; ")).join("\\n"))
                """;
        assertThat(chromium.evaluate(found).asText()).as("violations found by axe-core").isEmpty();
    }

    private static String marks(String chart, int number) {
        return "document.querySelector('#" + chart + " .plot').dataset.marks === '" + number + "'";
    }

    private static String canvas() {
        return "document.querySelector('#loss canvas').toDataURL()";
    }

    private void await(String what, String expression) {
        Chromium.await(what, () -> chromium.isTrue(expression));
    }

    private void picture(String name) throws Exception {
        chromium.screenshot(pictures.resolve(name + ".png"));
    }
}
