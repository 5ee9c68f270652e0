import { Controller, Get, Header, Inject, Req, Res, VERSION_NEUTRAL } from '@nestjs/common';
import { ApiFoundResponse, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ModelRegistry, type Model } from '#registry';
import { Public } from '../auth/route-access';
import { BUILD_INFO } from '../build-info';
import type { Config } from '../config';
import { ApiProblems } from '../http/api-problems';
import { CONFIG } from '../settings';
import { isBuilt } from './console-files';
import { FRONT_PAGE_CSS, frontPage, LINKS, type ListedModel } from './front-page';
import { ICON_SVG } from './icon';

/** Nothing of it is a secret, and it is seldom another. */
const ONE_DAY = 'public, max-age=86400';
/** Without its media type: makers of clients know image/svg+xml for none that they could read, and warn. */
const ICON_ANSWER = 'image/svg+xml';

@ApiTags('operations')
@Public()
@ApiProblems('INVALID_REQUEST')
@Controller({ version: VERSION_NEUTRAL })
export class ConsoleController {
  private readonly hasConsole: boolean;

  constructor(
    private readonly registry: ModelRegistry,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.hasConsole = config.CONSOLE === 'on' && isBuilt();
  }

  @Get()
  @ApiOperation({ summary: 'Where everything is: the console for browsers, JSON for anybody else' })
  @ApiProduces('application/json', 'text/html')
  @ApiOkResponse({ description: 'Links, relative to this address; a page where there is no console' })
  @ApiFoundResponse({ description: 'To the console, for a browser' })
  index(@Req() req: Request, @Res({ passthrough: true }) res: Response): unknown {
    res.vary('Accept');
    // The first one is for whoever takes anything, as curl does.
    if (req.accepts(['json', 'html']) !== 'html') {
      const links = this.hasConsole ? { console: 'console', ...LINKS } : LINKS;
      return { name: 'eyrie', version: BUILD_INFO.version, links };
    }
    if (this.hasConsole) {
      // Relative, so that it holds behind a proxy that serves the server under a prefix.
      res.status(302).setHeader('Location', 'console');
      return undefined;
    }
    res.type('html');
    return frontPage(BUILD_INFO.version, this.listed());
  }

  @Get('front-page.css')
  @Header('Cache-Control', ONE_DAY)
  @Header('Content-Type', 'text/css; charset=utf-8')
  @ApiOperation({ summary: 'The style of that page' })
  @ApiProduces('text/css')
  @ApiOkResponse({ description: 'CSS', schema: { type: 'string' } })
  style(): string {
    return FRONT_PAGE_CSS;
  }

  @Get('favicon.svg')
  @Header('Cache-Control', ONE_DAY)
  @Header('Content-Type', 'image/svg+xml')
  @ApiOperation({ summary: 'The icon of the tab' })
  @ApiOkResponse({ description: ICON_ANSWER })
  icon(): string {
    return ICON_SVG;
  }

  /** What browsers ask for by themselves; they go by the media type. */
  @Get('favicon.ico')
  @Header('Cache-Control', ONE_DAY)
  @Header('Content-Type', 'image/svg+xml')
  @ApiOperation({ summary: 'The same icon' })
  @ApiOkResponse({ description: ICON_ANSWER })
  favicon(): string {
    return ICON_SVG;
  }

  /** Undefined where reading needs a key: the page is for everybody. */
  private listed(): ListedModel[] | undefined {
    if (this.config.PREDICT_AUTH === 'required') return undefined;
    return this.registry.list().map(listedModel);
  }
}

function listedModel({ name, policy, versions }: Model): ListedModel {
  const aliases = Object.entries(policy.aliases);
  return {
    name,
    default: policy.default,
    versions: [...versions.values()].map(({ version, state }) => ({
      version,
      state,
      aliases: aliases.filter(([, number]) => number === version).map(([alias]) => alias),
    })),
  };
}
