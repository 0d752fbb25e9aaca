package io.freshet.model.device;

import java.io.IOException;
import java.net.URL;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;

/**
 * A class loader that hides what one jar offers as services: all that {@link
 * java.util.ServiceLoader} would find there. Everything else is the parent's.
 */
final class HiddenServices extends ClassLoader {
    private final List<String> hidden = new ArrayList<>();

    /**
     * @param resource a file of the jar, or of the folder, to hide
     */
    HiddenServices(ClassLoader parent, String resource) throws IOException {
        super(parent);
        for (URL url : Collections.list(parent.getResources(resource))) {
            String text = url.toString();
            hidden.add(text.substring(0, text.length() - resource.length()));
        }
    }

    @Override
    public Enumeration<URL> getResources(String name) throws IOException {
        Enumeration<URL> all = super.getResources(name);
        if (!name.startsWith("META-INF/services/")) {
            return all;
        }
        List<URL> shown = Collections.list(all);
        shown.removeIf(url -> hidden.stream().anyMatch(url.toString()::startsWith));
        return Collections.enumeration(shown);
    }
}
