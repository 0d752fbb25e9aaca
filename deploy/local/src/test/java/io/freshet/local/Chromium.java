package io.freshet.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.freshet.local.cli.Directories;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * Headless Chromium with one page, controlled through the DevTools protocol.
 *
 * <p>It records the page's console errors and warnings, uncaught exceptions, and violations of its
 * content security policy.
 */
final class Chromium implements AutoCloseable {
    private static final long TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final List<String> NAMES =
            List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable");

    private final ObjectMapper mapper = new ObjectMapper();
    private final Process process;
    private final Path directory;
    private final WebSocket socket;
    private final AtomicInteger lastId = new AtomicInteger();
    private final Map<Integer, CompletableFuture<JsonNode>> responses = new ConcurrentHashMap<>();
    private final List<String> complaints = new CopyOnWriteArrayList<>();

    private Chromium(Process process, Path directory) throws IOException, InterruptedException {
        this.process = process;
        this.directory = directory;
        socket =
                HttpClient.newHttpClient()
                        .newWebSocketBuilder()
                        .buildAsync(pageAddress(), new Messages())
                        .join();
        for (String part : List.of("Page", "Runtime", "Log")) {
            call(part + ".enable", Map.of());
        }
    }

    /**
     * Returns the binary named by the environment variable {@code CHROMIUM} or found on the path;
     * empty if there is none.
     */
    static Optional<Path> find() {
        String named = System.getenv("CHROMIUM");
        if (named != null) {
            return Optional.of(Path.of(named)).filter(Files::isExecutable);
        }
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .flatMap(folder -> NAMES.stream().map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    static Chromium start(Path binary) throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("freshet-chromium-");
        List<String> command =
                new ArrayList<>(
                        List.of(
                                binary.toString(),
                                "--headless=new",
                                "--remote-debugging-port=0",
                                "--user-data-dir=" + directory,
                                "--no-first-run",
                                "--disable-gpu",
                                "--disable-dev-shm-usage",
                                "about:blank"));
        if (System.getProperty("user.name").equals("root")) {
            command.add(1, "--no-sandbox"); // root cannot use the sandbox
        }
        Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(directory.resolve("output").toFile())
                        .start();
        return new Chromium(process, directory);
    }

    private URI pageAddress() throws IOException, InterruptedException {
        Path portFile = directory.resolve("DevToolsActivePort");
        await("Chromium to say its port", () -> Files.exists(portFile) && isWhole(portFile));
        String port = Files.readAllLines(portFile).get(0);
        String pages =
                HttpClient.newHttpClient()
                        .send(
                                HttpRequest.newBuilder(
                                                URI.create("http://127.0.0.1:" + port + "/json"))
                                        .build(),
                                HttpResponse.BodyHandlers.ofString())
                        .body();
        for (JsonNode page : mapper.readTree(pages)) {
            if (page.get("type").asText().equals("page")) {
                return URI.create(page.get("webSocketDebuggerUrl").asText());
            }
        }
        throw new IOException("Chromium has no page");
    }

    private static boolean isWhole(Path file) {
        try {
            return Files.readAllLines(file).size() == 2;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Opens a page and waits until it is loaded. */
    void open(URI address) throws IOException {
        call("Page.navigate", Map.of("url", address.toString()));
        await("the page to load", () -> isTrue("document.readyState === 'complete'"));
    }

    /** Sets the size of the window and the preferred colour scheme. */
    void look(int width, int height, boolean dark) throws IOException {
        call(
                "Emulation.setDeviceMetricsOverride",
                Map.of(
                        "width",
                        width,
                        "height",
                        height,
                        "deviceScaleFactor",
                        1,
                        "mobile",
                        width < 600));
        call(
                "Emulation.setEmulatedMedia",
                Map.of(
                        "features",
                        List.of(
                                Map.of(
                                        "name",
                                        "prefers-color-scheme",
                                        "value",
                                        dark ? "dark" : "light"),
                                // Screenshots must not show an animation half-way.
                                Map.of("name", "prefers-reduced-motion", "value", "reduce"))));
    }

    /** Evaluates a JavaScript expression. */
    JsonNode evaluate(String expression) {
        JsonNode response =
                call(
                        "Runtime.evaluate",
                        Map.of(
                                "expression",
                                expression,
                                "returnByValue",
                                true,
                                "awaitPromise",
                                true));
        if (response.has("exceptionDetails")) {
            throw new AssertionError(expression + ": " + response.get("exceptionDetails"));
        }
        return response.get("result").path("value");
    }

    boolean isTrue(String expression) {
        return evaluate(expression).asBoolean();
    }

    /** Presses a key, such as {@code Tab}. */
    void press(String key) {
        int code = key.equals("Tab") ? 9 : key.equals("Enter") ? 13 : 0;
        String text = key.length() == 1 ? key : key.equals("Enter") ? "\r" : "";
        call(
                "Input.dispatchKeyEvent",
                Map.of("type", "keyDown", "key", key, "text", text, "windowsVirtualKeyCode", code));
        call(
                "Input.dispatchKeyEvent",
                Map.of("type", "keyUp", "key", key, "windowsVirtualKeyCode", code));
    }

    /** Drags the mouse with the button pressed. */
    void drag(int fromX, int toX, int y) {
        mouse("mouseMoved", fromX, y);
        mouse("mousePressed", fromX, y);
        for (int step = 1; step <= 4; step++) {
            mouse("mouseMoved", fromX + (toX - fromX) * step / 4, y);
        }
        mouse("mouseReleased", toX, y);
    }

    private void mouse(String type, int x, int y) {
        call(
                "Input.dispatchMouseEvent",
                Map.of("type", type, "x", x, "y", y, "button", "left", "clickCount", 1));
    }

    /** Writes a screenshot of the whole page as PNG. */
    void screenshot(Path file) throws IOException {
        JsonNode response =
                call(
                        "Page.captureScreenshot",
                        Map.of("format", "png", "captureBeyondViewport", true));
        Files.write(file, Base64.getDecoder().decode(response.get("data").asText()));
    }

    /** Returns the recorded errors and warnings. */
    List<String> complaints() {
        return List.copyOf(complaints);
    }

    private JsonNode call(String method, Map<String, ?> parameters) {
        int id = lastId.incrementAndGet();
        CompletableFuture<JsonNode> response = new CompletableFuture<>();
        responses.put(id, response);
        ObjectNode message = mapper.createObjectNode().put("id", id).put("method", method);
        message.set("params", mapper.valueToTree(parameters));
        socket.sendText(message.toString(), true).join();
        return response.orTimeout(60, TimeUnit.SECONDS).join();
    }

    static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + TIMEOUT_NANOS;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("waited a minute for " + what);
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        }
    }

    private void handle(JsonNode message) {
        JsonNode parameters = message.path("params");
        if (message.has("id")) {
            CompletableFuture<JsonNode> response = responses.remove(message.get("id").asInt());
            if (message.has("error")) {
                response.completeExceptionally(new IOException(message.get("error").toString()));
            } else {
                response.complete(message.get("result"));
            }
            return;
        }
        switch (message.path("method").asText()) {
            case "Runtime.exceptionThrown" ->
                    complaints.add(parameters.get("exceptionDetails").toString());
            case "Runtime.consoleAPICalled" -> {
                if (List.of("error", "warning", "assert")
                        .contains(parameters.path("type").asText())) {
                    complaints.add(parameters.get("args").toString());
                }
            }
            case "Log.entryAdded" -> {
                JsonNode entry = parameters.get("entry");
                if (List.of("error", "warning").contains(entry.path("level").asText())) {
                    complaints.add(entry.toString());
                }
            }
            default -> {} // not relevant
        }
    }

    @Override
    public void close() throws IOException {
        try {
            call("Browser.close", Map.of());
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            Directories.delete(directory);
        }
    }

    /** Listener that assembles messages from their parts. */
    private final class Messages implements WebSocket.Listener {
        private final StringBuilder message = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
            message.append(data);
            if (last) {
                String whole = message.toString();
                message.setLength(0);
                try {
                    handle(mapper.readTree(whole));
                } catch (IOException e) {
                    complaints.add("not JSON: " + whole);
                }
            }
            webSocket.request(1);
            return null;
        }
    }
}
