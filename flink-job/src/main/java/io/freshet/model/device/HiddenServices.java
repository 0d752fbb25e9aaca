package io.freshet.model.device;

import java.io.IOException;
import java.net.URL;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;

/**
 * Class loader that hides the service providers of one jar from {@link java.util.ServiceLoader},
 * and otherwise delegates to its parent.
 */
final class HiddenServices extends ClassLoader {
    private final List<String> hidden = new ArrayList<>();

    /**
     * Creates a class loader.
     *
     * @param resource a file in the jar or directory whose services are hidden
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
        List<URL> visible = Collections.list(all);
        visible.removeIf(url -> hidden.stream().anyMatch(url.toString()::startsWith));
        return Collections.enumeration(visible);
    }
}
