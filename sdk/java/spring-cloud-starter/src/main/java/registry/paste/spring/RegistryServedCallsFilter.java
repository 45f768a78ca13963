package registry.paste.spring;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.web.filter.OncePerRequestFilter;
import registry.paste.client.ServedCalls;

/** Counts the calls that the application serves; answers of 500 and above are errors. */
public class RegistryServedCallsFilter extends OncePerRequestFilter {
    private final ServedCalls served;

    /**
     * Counts.
     *
     * @param served where
     */
    public RegistryServedCallsFilter(ServedCalls served) {
        this.served = served;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        served.begin();
        boolean failed = true;
        try {
            chain.doFilter(request, response);
            failed = response.getStatus() >= 500;
        } finally {
            served.end(failed);
        }
    }
}
