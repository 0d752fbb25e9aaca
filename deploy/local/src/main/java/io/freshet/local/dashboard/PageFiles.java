package io.freshet.local.dashboard;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/** Files of the page, by path, in memory. No other path is served. */
final class PageFiles {
    /** File with its content type. */
    record PageFile(String contentType, ByteBuffer content) {}

    private static final List<String> OWN =
            List.of(
                    "app.css",
                    "app.js",
                    "charts.js",
                    "dom.js",
                    "feed.js",
                    "format.js",
                    "icon.svg",
                    "panels.js",
                    "theme.js");
    private static final List<String> UPLOT = List.of("uPlot.esm.js", "uPlot.min.css");
    private static final String WEBJARS = "/META-INF/resources/webjars/uplot/";
    private static final String UPLOT_PROPERTIES =
            "/META-INF/maven/org.webjars.npm/uplot/pom.properties";

    private final Map<String, PageFile> files = new LinkedHashMap<>();

    private PageFiles() {}

    /** Loads all files from the class path. */
    static PageFiles load() throws IOException {
        PageFiles page = new PageFiles();
        page.files.put("/", read("page/index.html"));
        for (String name : OWN) {
            page.files.put("/" + name, read("page/" + name));
        }
        String version = uplotVersion();
        for (String name : UPLOT) {
            page.files.put("/uplot/" + name, read(WEBJARS + version + "/dist/" + name));
        }
        return page;
    }

    private static String uplotVersion() throws IOException {
        Properties properties = new Properties();
        try (InputStream in = open(UPLOT_PROPERTIES)) {
            properties.load(in);
        }
        return properties.getProperty("version");
    }

    private static PageFile read(String resource) throws IOException {
        try (InputStream in = open(resource)) {
            return new PageFile(
                    contentType(resource), ByteBuffer.wrap(in.readAllBytes()).asReadOnlyBuffer());
        }
    }

    private static InputStream open(String resource) throws IOException {
        InputStream in = PageFiles.class.getResourceAsStream(resource);
        if (in == null) {
            throw new IOException("the resource " + resource + " is missing");
        }
        return in;
    }

    private static String contentType(String name) {
        return switch (name.substring(name.lastIndexOf('.') + 1)) {
            case "html" -> "text/html; charset=utf-8";
            case "css" -> "text/css; charset=utf-8";
            case "js" -> "text/javascript; charset=utf-8";
            case "svg" -> "image/svg+xml";
            default -> throw new IllegalArgumentException("no content type for " + name);
        };
    }

    /** Returns the file at a path, or null. */
    @Nullable PageFile at(String path) {
        return files.get(path);
    }

    /** Returns all paths. */
    Iterable<String> paths() {
        return files.keySet();
    }
}
